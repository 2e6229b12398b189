"""An answer as one self-contained sheet of HTML: for notebooks, files and mail, without internet.

A notebook may be opened where no extension is installed and no other host is reached, and be
passed on as HTML. So a sheet carries all that it needs inside: Bokeh's script, the letters and the
outlines. It lives in a frame of its own, where neither side disturbs the other.
"""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from typing import Any

import holoviews as hv
import pandas as pd
from bokeh.embed import components
from bokeh.resources import Resources

from jitasa_analytics import texts
from jitasa_analytics.errors import InputError
from jitasa_analytics.show import answers, card, colours, fonts, numbers, tables, words
from jitasa_analytics.show.maps import AreaMap
from jitasa_analytics.show.style import PIECES

MAP_HEIGHT = 420
_ROWS = 200

_PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>
<style>{font}
body {{ margin: 0; padding: 12px; background: #fff; }}
{style}
section {{ margin-bottom: 8px; }}
.figures {{ grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); }}
.map {{ height: {height}px; margin: 8px 0; }}
.rows {{ max-height: 300px; overflow: auto; border: 1px solid #e1e6eb; border-radius: 8px; margin: 8px 0; }}
.rows table {{ border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }}
.rows th {{ position: sticky; top: 0; background: #fff; border-bottom: 1px solid #c9ced4; text-align: right;
  font-weight: 600; padding: 6px 8px; vertical-align: bottom; }}
.rows td {{ padding: 4px 8px; border-bottom: 1px solid #eef1f4; text-align: right; white-space: nowrap; }}
.rows th.text, .rows td.text {{ text-align: left; }}
</style>{scripts}</head>
<body class="sheet">{body}
<script>
// In a notebook the frame takes the height of what it holds; a page of its own needs none.
addEventListener("load", () => {{
  try {{ frameElement.style.height = document.documentElement.scrollHeight + "px" }} catch (error) {{ }}
}})
</script></body></html>"""


class Sheet:
    """A page that needs nothing but itself.

    A notebook shows it as the result of a cell; ``save`` writes it as a file that opens in any
    browser, without internet.
    """

    def __init__(self, html: str, height: int) -> None:
        self.html = html
        self.height = height

    def _repr_html_(self) -> str:
        return (f'<iframe srcdoc="{escape(self.html, quote=True)}" '
                f'style="width: 100%; height: {self.height}px; border: 0" loading="eager"></iframe>')

    def __repr__(self) -> str:
        return f"<Sheet: {len(self.html) // 1024} kB of HTML; show it in a notebook or .save('file.html')>"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the sheet as a file.

        Raises
        ------
        InputError
            If the file can't be written.
        """
        try:
            Path(path).write_text(self.html, "utf-8")
        except OSError as error:
            raise InputError(f"{path} can't be written ({error.strerror}); name another file",
                             key="show.error.write", path=str(path), why=error.strerror or "") from error


def sheet(answer: Any, lang: str) -> Sheet:
    """See `jitasa_analytics.show.view`."""
    parts = [answers.head(answer, lang)]
    height = 170
    if answer.figures:
        parts.append(card.figures(answer, lang))
        height += 95 * -(-len(answer.figures) // 6)
    scripts = ""
    shapes = answers.drawable(answer.frame, lang)
    if len(shapes):
        scripts, drawn = _map(answer, shapes, lang)
        parts.append(drawn)
        height += MAP_HEIGHT + 60
    sites = answer.tables.get("sites")
    if sites is not None and len(sites):
        parts.append(_rows(sites, answer, lang, on_areas=False))
        height += min(320, 60 + 30 * len(sites))
    if len(answer.frame):
        parts.append(_rows(tables.ranked(answer.frame, answer.measure), answer, lang))
        height += min(320, 60 + 30 * len(answer.frame))
    parts.append(card.verdict(answer, lang))
    height += 170 + 26 * len(answer.notes)
    page = _PAGE.format(lang=lang, title=escape(words.title(answer.study, lang)), font=fonts.embedded(),
                        style=PIECES.replace(":host", "body"), height=MAP_HEIGHT, scripts=scripts,
                        body="\n".join(f"<section>{p}</section>" for p in parts))
    return Sheet(page, height)


def _map(answer: Any, shapes: Any, lang: str) -> tuple[str, str]:
    """Bokeh's script with the drawing, and the place where it is drawn, below its legend."""
    paint = answers.paint_of(answer, lang)
    layers = answers.points_of(answer, lang)
    area_map = AreaMap(height=MAP_HEIGHT)
    area_map.draw(shapes, paint, layers=[layer for layer, _ in layers])
    figure = hv.render(area_map.pane.object, backend="bokeh")
    figure.sizing_mode = "stretch_both"
    script, place = components(figure)
    legend = card.legend(paint.title, paint.classes, lang,
                         no_data=bool(paint.values.reindex(shapes.index).isna().any()),
                         points=[(label, layer.marker, layer.colour) for layer, label in layers])
    bokeh = "".join(f"<script>{code}</script>" for code in Resources(mode="inline", components=["bokeh"]).js_raw)
    return bokeh, f'{legend}<div class="map">{place}</div>{script}'


def _rows(frame: pd.DataFrame, answer: Any, lang: str, *, on_areas: bool = True) -> str:
    """A frame as a table of HTML, the measure first; its first rows where there are very many."""
    chosen = tables.columns_of(frame, first=[answer.measure] if on_areas else ["rank", "name"])
    if not on_areas and "name" in frame:
        chosen = [c for c in ("rank", "name", *chosen) if c in frame]
        chosen = list(dict.fromkeys(chosen))
    plain = tables.readable(frame.head(_ROWS), lang, columns=chosen, name_index=on_areas)
    units = {c: words.unit_of(str(c), answer.measure, answer.unit) for c in plain.columns}
    numeric = {c: pd.api.types.is_numeric_dtype(plain[c]) for c in plain.columns}
    head = "".join(f'<th class="{"" if numeric[c] else "text"}">{escape(words.column(str(c), lang, answer.study))}</th>'
                   for c in plain.columns)
    body = "".join("<tr>" + "".join(
        f"<td>{escape(numbers.plain(v, units[c]))}</td>" if numeric[c] else f'<td class="text">{escape(str(v))}</td>'
        for c, v in zip(plain.columns, row, strict=True)) + "</tr>" for row in plain.itertuples(index=False))
    more = ""
    if len(frame) > _ROWS:
        left = escape(texts.say("show.more_rows", lang, n=len(frame) - _ROWS))
        more = f'<p style="color: {colours.QUIET_INK}">{left}</p>'
    return f'<div class="rows"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}'
