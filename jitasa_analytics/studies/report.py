"""Many questions, one printed report: what lies on the governor's desk."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jitasa_analytics import show, studies, texts
from jitasa_analytics.errors import InfeasibleError, InputError, NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies.answer import Answer

# What a province is asked for first; further studies are added by name.
USUAL = ("vaccination", "coverage_gaps", "best_sites", "volunteer_ratio")


@dataclass(frozen=True, repr=False)
class Report:
    """A report and what it is made of.

    Attributes
    ----------
    pdf : bytes
        The document; the same answers give the same bytes.
    answers : tuple of Answer
        Those it holds.
    missing : tuple of (str, str)
        Title and reason of each question that could not be answered.
    """

    pdf: bytes
    answers: tuple[Answer, ...]
    missing: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"<Report: {len(self.answers)} answers, {len(self.pdf) // 1024} kB of PDF; .save('report.pdf')>"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the report.

        Raises
        ------
        InputError
            If the name does not end in .pdf, or the file can't be written.
        """
        show.save_pdf(path, self.pdf)


def report(snapshot: Snapshot, path: str | os.PathLike[str] | None = None, *, studies: Sequence[str] | None = None,
           params: Mapping[str, Mapping[str, Any]] | None = None, lang: str | None = None) -> Report:
    """Run studies on a snapshot and set their answers as a report of A4 pages.

    Parameters
    ----------
    snapshot : Snapshot
        An open snapshot; its scope is the area of the report.
    path : path, optional
        Where to write it as well.
    studies : sequence of str, optional
        Names of studies in their order; by default `USUAL`.
    params : mapping of study to mapping, optional
        Parameters of studies, for instance ``{"coverage_gaps": {"minutes": 15}}``.
    lang : {"th", "en"}, optional
        The language of the environment by default.

    Returns
    -------
    Report
        A study without data, or without an answer under its limits, is named in it with the reason.

    Raises
    ------
    UnknownError
        If there is no such study or parameter.
    InputError
        If parameters are given for a study that is not in the report.
    """
    speak = lang or texts.preferred()
    names = list(studies) if studies is not None else list(USUAL)
    given = dict(params or {})
    for name in given:
        if name not in names:
            raise InputError(f"parameters are given for {name}, which is not in the report; it has {', '.join(names)}",
                             key="print.error.report_params", name=name, known=", ".join(names))
    if path is not None:
        show.check_pdf(path)
    answers, missing = _answers(snapshot, names, given, speak)
    content = show.pdf(answers, speak, area=snapshot.scope, created_at=snapshot.created_at,
                       missing=missing, version=snapshot.version, sample=snapshot.sample)
    made = Report(content, tuple(answers), tuple(missing))
    if path is not None:
        made.save(path)
    return made


def _answers(snapshot: Snapshot, names: Sequence[str], params: Mapping[str, Mapping[str, Any]], lang: str
             ) -> tuple[list[Answer], list[tuple[str, str]]]:
    """The answers, and the questions that have none with the reason."""
    answers, missing = [], []
    for name in names:
        title = studies.get(name).title(lang)
        try:
            answers.append(studies.run(name, snapshot, **params.get(name, {})))
        except (NoDataError, InfeasibleError) as error:
            missing.append((title, texts.of_error(error, lang)))
    return answers, missing
