"""What a study is.

A study is one question with parameters. From the parameters alone it gets a form on the
dashboard, options on the command line and a page in the docs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Literal

import pandas as pd
import param

from jitasa_analytics import areas, texts
from jitasa_analytics.errors import InputError, NoDataError, UnknownError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term

Splits = Literal["independent", "halo", "national"]

# Parameters whose choices are values of another name in texts.
_LABELS = {"service": "facility", "candidate_kind": "candidate", "volunteer_kind": "volunteer",
           "vehicle": "equipment", "bed_kind": "facility"}


class Study(param.Parameterized):
    """Base of all studies: subclass it, give parameters and ``run``.

    Class attributes
    ----------------
    slug : str
        The name by which it is run.
    titles, questions : dict of language to str
        What it is called and which question it answers; built-in studies have theirs in ``texts``.
    needs : tuple of str
        Datasets that must hold rows.
    anywhere : bool
        The datasets of ``needs`` may be empty in the scope, as long as the store holds rows somewhere: that
        nobody asks, or helps, in an area is an answer.
    splits : {"independent", "halo", "national"}
        Whether it can be run area by area: it needs nothing of other areas, or only what is public across
        the border, or its answer weighs all areas against each other.
    scope_columns : tuple of str
        Columns that are told against the whole scope, and so mean something else in each part; joined
        answers leave them out.
    ranked_by : str
        The column, largest first, by which ``rank`` counts; joined answers count anew.
    row_tables : tuple of str
        Tables of which each row stands for itself, so that those of parts are put together.
    """

    slug: ClassVar[str] = ""
    titles: ClassVar[Mapping[str, str]] = {}
    questions: ClassVar[Mapping[str, str]] = {}
    needs: ClassVar[tuple[str, ...]] = ()
    anywhere: ClassVar[bool] = False
    splits: ClassVar[Splits] = "independent"
    scope_columns: ClassVar[tuple[str, ...]] = ()
    ranked_by: ClassVar[str] = ""
    row_tables: ClassVar[tuple[str, ...]] = ()

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer the question from a snapshot."""
        raise TypeError(f"the study {type(self).__name__} must define run(snapshot)")

    # -- what the form, the command line and the docs ask -----------------------------------

    @classmethod
    def options(cls) -> dict[str, Any]:
        """The study's own parameters by name, in the order of their declaration."""
        return {n: p for n, p in cls.param.objects("existing").items() if n != "name" and not n.startswith("_")}

    @classmethod
    def title(cls, lang: str = texts.DEFAULT) -> str:
        """The study's title."""
        return cls._text("title", cls.titles, lang)

    @classmethod
    def question(cls, lang: str = texts.DEFAULT) -> str:
        """The question it answers."""
        return cls._text("question", cls.questions, lang)

    @classmethod
    def _text(cls, what: str, own: Mapping[str, str], lang: str) -> str:
        key = f"study.{cls.slug}.{what}"
        if texts.has(key, lang):
            return texts.say(key, lang)
        doc = (cls.__doc__ or cls.slug).strip().splitlines()[0].rstrip(".")
        return own.get(lang) or own.get("en") or doc

    @classmethod
    def option_label(cls, name: str, lang: str = texts.DEFAULT) -> str:
        """The label of a parameter."""
        for key in (f"study.{cls.slug}.param.{name}", f"param.{name}"):
            if texts.has(key, lang):
                return texts.say(key, lang)
        return str(cls.param[name].label or name)

    @classmethod
    def option_help(cls, name: str, lang: str = texts.DEFAULT) -> str:
        """What a parameter means, its unit included."""
        for key in (f"study.{cls.slug}.help.{name}", f"param.help.{name}"):
            if texts.has(key, lang):
                return texts.say(key, lang)
        return " ".join(str(cls.param[name].doc or "").split())

    @classmethod
    def option_choice(cls, name: str, value: Any, lang: str = texts.DEFAULT) -> str:
        """The label of one of a parameter's choices."""
        key = f"param.choice.{value}"
        if value is None or texts.has(key, lang):
            return texts.say("param.choice.any" if value is None else key, lang)
        return texts.label(_LABELS.get(name, name), str(value), lang)

    @classmethod
    def option_accepts(cls, name: str) -> str:
        """What a parameter accepts, the same in every language: its choices, bounds or form.

        >>> class Gaps(Study):
        ...     minutes = param.Number(default=30, bounds=(1, 600))
        >>> Gaps.option_accepts("minutes")
        '1–600'
        """
        option = cls.param[name]
        none = ", none" if option.allow_None else ""
        if isinstance(option, param.Selector):
            return ", ".join("none" if choice is None else str(choice) for choice in option.objects)
        if isinstance(option, param.Boolean):
            return "true, false"
        if isinstance(option, param.Date | param.CalendarDate):
            return "YYYY-MM-DD" + none
        if isinstance(option, param.Number):
            low, high = option.bounds or (None, None)
            return ("" if low is None else f"{low:g}") + "–" + ("" if high is None else f"{high:g}") + none
        return "…"

    # -- what runs share --------------------------------------------------------------------

    def require(self, snapshot: Snapshot) -> None:
        """Refuse when a dataset that the study needs holds no rows in the scope.

        Raises
        ------
        NoDataError
            Naming the dataset and how to import it.
        """
        for name in self.needs:
            if not (snapshot.held(name).rows if self.anywhere else snapshot.count(name)):
                where = areas.name(snapshot.scope, "en")
                raise NoDataError(
                    f"study {self.slug} needs the dataset {name}, which has no rows in {where}; "
                    f"import it with 'jitasa import {name} FILE --store DIR'",
                    key="error.no_data", dataset=name, called=partial(texts.label, "dataset", name),
                    area=partial(areas.name, snapshot.scope))

    def answer(self, snapshot: Snapshot, frame: pd.DataFrame, *, measure: str, unit: str,
               figures: Mapping[str, Figure], notes: tuple[Note, ...] = (), uses: tuple[str, ...] = (),
               tables: Mapping[str, pd.DataFrame] | None = None, terms: Mapping[str, Term] | None = None,
               kinds: str = "") -> Answer:
        """An answer with version, scope, parameters and data age filled in."""
        values = {n: getattr(self, n) for n in self.options()}
        as_of = {n: snapshot.held(n).as_of for n in (*self.needs, *uses)}
        return Answer(self.slug, frame, measure, unit, dict(figures), notes, values, snapshot.version,
                      snapshot.scope, snapshot.sample, as_of, dict(tables or {}), dict(terms or {}), kinds)


def make(study: type[Study], **params: Any) -> Study:
    """A study with parameters checked.

    Raises
    ------
    UnknownError
        If a parameter does not exist; the message lists those that do.
    InputError
        If a value is out of bounds.
    """
    known = study.options()
    for name in params:
        if name not in known:
            raise UnknownError(f"study {study.slug} has no parameter {name!r}; it has {', '.join(known)}",
                               key="error.unknown_param", study=study.slug, name=name, known=", ".join(known))
    for name, value in params.items():
        try:
            study(**{name: value})
        except (ValueError, TypeError) as error:
            accepts = study.option_accepts(name)
            raise InputError(f"parameter {name} of study {study.slug} can't be {value!r}; allowed: {accepts}",
                             key="error.param_value", name=name, value=value, allowed=accepts) from error
    try:
        return study(**params)
    except (ValueError, TypeError) as error:
        raise InputError(f"study {study.slug}: {error}", key="error.bad_param", study=study.slug,
                         why=str(error)) from error
