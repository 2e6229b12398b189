"""Pictures of plans as HTML, for pages: the same as `placement` draws, without a script."""

from __future__ import annotations

from typing import Any

import pandas as pd

from jitasa_analytics import texts
from jitasa_analytics.show import colours, plain_charts, words

_RIVALS = 12
_REPLACED = 10  # sites whose replacement is drawn


def picture(answer: Any, lang: str, *, height: int = 210) -> tuple[str, str] | None:
    """The picture of a question about sites, with its title; None where the answer has none.

    Parameters
    ----------
    answer : Answer
        With a table ``frontier`` (`fair_sites`), ``draws`` (`sure_sites`) or ``phases`` (`phased_sites`), or
        with sites that name their second choices (`best_sites`).
    lang : {"th", "en"}
    height : int
        Pixels.

    Returns
    -------
    tuple of (title, HTML), or None
    """
    for name, draw in (("frontier", _frontier), ("draws", _sure), ("phases", _phases)):
        table = answer.tables.get(name)
        if table is not None and len(table):
            return texts.say(f"show.picture.{name}", lang), draw(answer, lang, height)
    rows = replacements(answer, lang)
    if not rows:
        return None
    labels, values, own = zip(*rows, strict=True)
    return texts.say("show.replacement.title", lang), plain_charts.bars(labels, values, colour=own)


def replacements(answer: Any, lang: str) -> list[tuple[str, float, str]]:
    """How many fewer people are reached where a site can't open: with nothing instead, and with its second choice.

    Returns
    -------
    list of (label, people, colour)
        The site that is hardest to replace first; empty where the answer has no second choices.
    """
    sites = answer.tables.get("sites")
    if sites is None or "replacement_cost" not in sites:
        return []
    rows = list[tuple[str, float, str]]()
    known = sites.dropna(subset=["replacement_cost"])
    for _, site in known.sort_values(["replacement_cost", "rank"], ascending=[False, True]).head(_REPLACED).iterrows():
        rows.append((texts.say("show.replacement.none", lang, site=f"{site['rank']}. {site['name']}"),
                     float(site["people_only_here"]), colours.SITE))
        if not pd.isna(site["runner_up"]):
            rows.append((texts.say("show.replacement.other", lang, runner_up=site["runner_up"]),
                         float(site["replacement_cost"]), colours.CLOSED))
    return rows


def _frontier(answer: Any, lang: str, height: int) -> str:
    """Newly reached people over the share of the least-served area; a bar each where there is but one plan."""
    table = answer.tables["frontier"].sort_values("least_share", kind="stable")
    if table["least_share"].nunique() < 2:
        return plain_charts.bars([words.column("newly_covered", lang, answer.study)],
                                 [float(table["newly_covered"].max())], colour=colours.SITE)
    line = plain_charts.Line(table, "least_share", "newly_covered",
                             words.column("newly_covered", lang, answer.study), colours.SITE)
    return plain_charts.lines([line], lang, height=height, xlabel=words.column("least_share", lang, answer.study))


def _sure(answer: Any, lang: str, height: int) -> str:
    """In how many draws each site belongs to the best plan; a star marks the plan's own sites."""
    sites, rivals = answer.tables["sites"], answer.tables["rivals"]
    rows = pd.concat([sites.assign(own=True), rivals.assign(own=False).head(max(3, _RIVALS - len(sites)))])
    rows = rows.sort_values("share_chosen", ascending=False, kind="stable")
    names = rows["name"].fillna(rows.index.to_series().astype(str)).astype(str)
    labels = [f"{'★ ' if own else ''}{name}" for own, name in zip(rows["own"], names, strict=True)]
    return plain_charts.bars(labels, rows["share_chosen"].astype(float).tolist(), colour=colours.SITE, share=True)


def _phases(answer: Any, lang: str, height: int) -> str:
    """Newly reached people after each phase, beside the best plan of as many sites."""
    table = answer.tables["phases"]
    labels, values = list[str](), list[float]()
    for _, row in table.iterrows():
        for column, key in (("newly_covered", "nested"), ("newly_free", "free")):
            labels.append(f"{int(row['new_sites'])} · {texts.say(f'show.picture.{key}', lang)}")
            values.append(float(row[column]))
    return plain_charts.bars(labels, values, colour=colours.SITE)
