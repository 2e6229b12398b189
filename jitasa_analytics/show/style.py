"""One typographic scale and one set of quiet boxes for every piece that is shown.

Colours are variables of the page (`variables`), so that the same piece stands on a light and on a
dark ground; where no page sets them, as in a notebook, the light ones hold. Sizes are one scale:
12 (feet), 13.5 (labels), 15 (text), 17 (headings), 21 (findings), 23 (figures).
"""

from __future__ import annotations

from jitasa_analytics.show import fonts
from jitasa_analytics.show.colours import LIGHT, Ground

_VARIABLES = ("page", "paper", "soft", "line", "ink", "quiet", "accent", "on_accent", "lit", "warn", "warn_line",
              "warn_ink", "good", "bad", "no_data", "hatch", "sea")


def variables(ground: Ground) -> str:
    """The colours of a page as CSS variables, which reach into every piece."""
    rules = "".join(f"--jc-{name.replace('_', '-')}: {getattr(ground, name)}; " for name in _VARIABLES)
    return f":root {{ {rules}color-scheme: {'dark' if ground.dark else 'light'}; }}"


def colour(name: str) -> str:
    """A colour of the page in CSS, the light ground's where the page sets none."""
    return f"var(--jc-{name.replace('_', '-')}, {getattr(LIGHT, name)})"


INK, QUIET, PAPER, SOFT, LINE = (colour(n) for n in ("ink", "quiet", "paper", "soft", "line"))
ACCENT, ON_ACCENT, LIT = (colour(n) for n in ("accent", "on_accent", "lit"))

# Pieces live in shadow roots, so that each carries the rules it needs.
PIECES = f"""
:host {{ font-family: {fonts.STACK}; color: {INK}; font-size: 15px; line-height: 1.55; }}
.figures {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 10px; }}
.figure {{ background: {PAPER}; border: 1px solid {LINE}; border-radius: 10px; padding: 7px 12px; position: relative; }}
.figure .label {{ color: {QUIET}; font-size: 13.5px; line-height: 1.35; padding-right: 16px; }}
.figure .value {{ font-size: 23px; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }}
.figure .value small {{ font-size: 13.5px; font-weight: 400; color: {QUIET};
  display: inline-block; line-height: 1.2; }}
.figure .foot {{ color: {QUIET}; font-size: 12px; line-height: 1.4; }}
.figure .change {{ font-size: 12px; line-height: 1.4; font-weight: 600; }}
.figure .change.better {{ color: {colour("good")}; }} .figure .change.worse {{ color: {colour("bad")}; }}
.figure .change.same {{ color: {QUIET}; font-weight: 400; }}
.figure.lead {{ border-left: 4px solid {ACCENT}; }}
.figure .mark {{ display: inline-block; width: 11px; height: 11px; margin-right: 6px; }}
details.help {{ position: absolute; top: 6px; right: 8px; font-size: 13.5px; line-height: 1.45; }}
details.help summary {{ list-style: none; cursor: pointer; width: 18px; height: 18px; border-radius: 50%;
  font-size: 12px; line-height: 18px; text-align: center; color: {QUIET}; background: {SOFT}; }}
details.help summary::-webkit-details-marker {{ display: none; }}
details.help[open] > div {{ position: absolute; right: 0; top: 24px; z-index: 20; width: min(280px, 70vw);
  background: {PAPER}; color: {INK}; border: 1px solid {LINE}; border-radius: 8px; padding: 10px 12px;
  box-shadow: 0 6px 20px rgba(0,0,0,.18); }}
summary:focus-visible, a:focus-visible {{ outline: 2px solid {ACCENT}; outline-offset: 2px; }}
a {{ color: {ACCENT}; }}
.legend {{ display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: center; font-size: 13.5px; }}
.legend .title {{ font-weight: 600; margin-right: 4px; }}
.legend .entry {{ display: inline-flex; align-items: center; gap: 6px; white-space: nowrap;
  font-variant-numeric: tabular-nums; }}
.legend .swatch {{ width: 22px; height: 13px; border: 1px solid rgba(120,130,140,.4); border-radius: 2px; }}
.legend .swatch.none {{
  background: repeating-linear-gradient(135deg, {colour("no_data")} 0 3px, {colour("hatch")} 3px 4px); }}
.legend .swatch.few {{ background: radial-gradient({colour("hatch")} 1.2px, {colour("no_data")} 1.4px) 0 0 / 6px 6px; }}
.legend svg {{ width: 15px; height: 15px; }}
.card {{ font-size: 13.5px; color: {QUIET}; background: {SOFT}; border-radius: 10px; padding: 10px 14px; }}
.card dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 0; }}
.card dt {{ font-weight: 600; }} .card dd {{ margin: 0; color: {INK}; }}
.card ul {{ margin: 6px 0 0; padding-left: 20px; }}
.card b {{ color: {INK}; }}
ol.sites {{ list-style: none; counter-reset: site; margin: 4px 0 10px; padding: 0; font-size: 14px; }}
ol.sites li {{ counter-increment: site; display: grid; grid-template-columns: 26px 1fr max-content; gap: 8px;
  padding: 8px 0; border-bottom: 1px solid {LINE}; align-items: baseline; }}
ol.sites li::before {{ content: counter(site); color: {QUIET}; font-variant-numeric: tabular-nums; text-align: right; }}
ol.sites span {{ display: block; color: {QUIET}; font-size: 13px; }}
ol.sites .adds {{ font-weight: 600; font-size: 16px; font-variant-numeric: tabular-nums; }}
.search b {{ display: block; font-size: 15px; }}
.track {{ height: 10px; border-radius: 5px; background: {LINE}; margin: 8px 0 6px; overflow: hidden; }}
.track i {{ display: block; height: 100%; border-radius: 5px; background: {ACCENT}; }}
.track .waits {{ width: 30%; animation: waits 1.6s ease-in-out infinite alternate; }}
@keyframes waits {{ to {{ transform: translateX(233%); }} }}
@media (prefers-reduced-motion: reduce) {{ .track .waits {{ animation: none; }} }}
.sample {{ background: {colour("warn")}; border: 1px solid {colour("warn_line")}; color: {colour("warn_ink")};
  border-radius: 8px; padding: 4px 12px; font-size: 13.5px; }}
h1.title, h2.title {{ font-size: 21px; font-weight: 600; line-height: 1.4; margin: 4px 0 0; text-wrap: balance; }}
h3.title {{ font-size: 17px; font-weight: 600; line-height: 1.4; margin: 0; }}
p.lead {{ margin: 2px 0 0; color: {QUIET}; }}
table.plain {{ border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }}
table.plain th {{ text-align: left; font-weight: 600; border-bottom: 1px solid {LINE}; padding: 5px 8px;
  vertical-align: bottom; }}
table.plain td {{ border-bottom: 1px solid {LINE}; padding: 5px 8px; vertical-align: top; }}
table.plain .n {{ text-align: right; }}
@media (max-width: 600px) {{
  table.stacked thead {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }}
  table.stacked, table.stacked tbody {{ display: block; }}
  table.stacked tr {{ display: block; border-bottom: 1px solid {LINE}; padding: 8px 0; }}
  table.stacked td, table.stacked .n {{ display: grid; grid-template-columns: 7.5em 1fr; gap: 8px; border: 0;
    padding: 2px 0; text-align: left; overflow-wrap: anywhere; }}
  table.stacked td::before {{ content: attr(data-head); color: {QUIET}; }}
}}
.scroll {{ overflow-x: auto; }}
.chip {{ display: inline-block; border-radius: 20px; padding: 1px 10px; font-size: 12px; background: {SOFT};
  color: {INK}; white-space: nowrap; }}
.chip.good {{ color: {colour("good")}; border: 1px solid currentColor; background: none; }}
.chip.bad {{ color: {colour("bad")}; border: 1px solid currentColor; background: none; }}
.empty {{ border: 1.5px dashed {LINE}; border-radius: 10px; padding: 26px 18px; text-align: center; color: {QUIET}; }}
.empty b {{ display: block; color: {INK}; font-size: 17px; margin-bottom: 4px; }}
.ghost {{ display: grid; gap: 10px; }}
.ghost i {{ display: block; height: 74px; border-radius: 10px; background: {SOFT}; }}
.ghost i + i {{ height: 380px; }}
@media (max-width: 600px) {{
  .figures {{ grid-template-columns: repeat(2, 1fr); gap: 8px; }}
  .figure {{ padding: 8px 10px; }} .figure .value {{ font-size: 21px; }}
  .card dl {{ grid-template-columns: 1fr; }} .card dt {{ margin-top: 4px; }}
}}
"""

# Tables: Tabulator's own simple theme in our letters.
TABLE = f"""
:host {{ font-family: {fonts.STACK}; }}
.tabulator {{ font-size: 13.5px !important; border: none; background: {PAPER} !important; color: {INK}; }}
.tabulator .tabulator-tableholder {{ background: {PAPER}; }}
.tabulator .tabulator-tableholder .tabulator-table {{ background: {PAPER} !important; color: {INK} !important; }}
.tabulator .tabulator-header {{ border-bottom: 1px solid {LINE}; background: {PAPER} !important;
  color: {INK} !important; }}
.tabulator .tabulator-header .tabulator-col {{ background: {PAPER} !important; border-right: none !important; }}
.tabulator .tabulator-header .tabulator-col .tabulator-col-title {{ white-space: normal; font-weight: 600;
  line-height: 1.5; padding-top: 3px; overflow: visible; color: {INK}; }}
.tabulator .tabulator-header .tabulator-col .tabulator-col-content {{ padding: 4px 6px; }}
.tabulator-row {{ background: {PAPER} !important; color: {INK} !important;
  border-bottom: 1px solid {LINE} !important; }}
.tabulator-row .tabulator-cell {{ border-right: none !important; white-space: nowrap; text-overflow: ellipsis;
  font-variant-numeric: tabular-nums; padding: 5px 6px; }}
.tabulator-row.tabulator-selectable:hover {{ background: {SOFT} !important; color: {INK} !important; }}
.tabulator-row.tabulator-selected {{ background: {LIT} !important; color: {INK} !important; }}
.tabulator .tabulator-footer {{ background: {PAPER} !important; color: {INK} !important;
  border-top: 1px solid {LINE}; }}
"""

# The dashboard's map.
MAP = f"""
:host {{ font-family: {fonts.STACK}; }}
.map {{ position: relative; width: 100%; overflow: hidden; border-radius: 8px;
  height: clamp(340px, calc(100vh - var(--map-above, 400px)), var(--map-height, 500px));
  background: {colour("sea")}; }}
.map canvas {{ position: absolute; inset: 0; width: 100%; height: 100%; touch-action: pan-x pan-y; cursor: grab; }}
.map canvas:focus-visible {{ outline: 2px solid {ACCENT}; outline-offset: -2px; }}
.map .tip {{ position: absolute; left: 0; top: 0; pointer-events: none; max-width: 270px; background: {PAPER};
  color: {INK}; border: 1px solid {LINE}; border-radius: 8px; padding: 5px 10px; font-size: 13.5px; line-height: 1.45;
  box-shadow: 0 3px 12px rgba(0,0,0,.2); font-variant-numeric: tabular-nums; z-index: 5; }}
.map .tip[hidden] {{ display: none; }}
.map .buttons {{ position: absolute; right: 8px; top: 8px; display: flex; flex-direction: column; gap: 4px; }}
.map .buttons button {{ width: 32px; height: 32px; border: 1px solid {LINE}; border-radius: 8px; background: {PAPER};
  color: {INK}; font: 600 18px/1 {fonts.STACK}; cursor: pointer; display: grid; place-items: center; padding: 0; }}
.map .buttons button:hover {{ background: {SOFT}; }}
.map .buttons button:focus-visible {{ outline: 2px solid {ACCENT}; }}
.map .state {{ position: absolute; inset: auto 0 45%; text-align: center; color: {QUIET}; pointer-events: none; }}
.map .credit {{ position: absolute; right: 6px; bottom: 2px; font-size: 12px; color: {QUIET}; }}
"""
