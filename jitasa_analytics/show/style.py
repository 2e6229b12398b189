"""One typographic scale and one set of quiet boxes for every piece that is shown."""

from __future__ import annotations

from jitasa_analytics.show import colours, fonts

# Pieces live in shadow roots, so that each carries the rules it needs.
PIECES = f"""
:host {{ font-family: {fonts.STACK}; color: {colours.INK}; font-size: 15px; line-height: 1.55; }}
.figures {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); gap: 10px; }}
.figure {{ background: #fff; border: 1px solid #e1e6eb; border-radius: 8px; padding: 8px 12px; }}
.figure .label {{ color: {colours.QUIET_INK}; font-size: 13px; line-height: 1.35; }}
.figure .value {{ font-size: 23px; font-weight: 600; line-height: 1.35; font-variant-numeric: tabular-nums; }}
.figure .value small {{ font-size: 14px; font-weight: 400; color: {colours.QUIET_INK}; margin-left: 3px;
  display: inline-block; }}
.figure .foot {{ color: {colours.QUIET_INK}; font-size: 12px; line-height: 1.35; }}
.figure .mark {{ display: inline-block; width: 11px; height: 11px; margin-right: 6px; }}
.legend {{ display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: center; font-size: 13px; }}
.legend .title {{ font-weight: 600; margin-right: 4px; }}
.legend .entry {{ display: inline-flex; align-items: center; gap: 6px; white-space: nowrap;
  font-variant-numeric: tabular-nums; }}
.legend .swatch {{ width: 22px; height: 13px; border: 1px solid rgba(31,45,61,.18); border-radius: 2px; }}
.legend svg {{ width: 15px; height: 15px; }}
.card {{ font-size: 13.5px; color: {colours.QUIET_INK}; background: #f4f6f8; border-radius: 8px; padding: 10px 14px; }}
.card dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 0; }}
.card dt {{ font-weight: 600; }} .card dd {{ margin: 0; color: {colours.INK}; }}
.card ul {{ margin: 6px 0 0; padding-left: 20px; }}
.sample {{ background: #fff4d6; border: 1px solid #e9c46a; color: #5c4400; border-radius: 6px; padding: 4px 12px;
  font-size: 14px; }}
h2.title {{ font-size: 21px; font-weight: 600; line-height: 1.4; margin: 4px 0 0; }}
h3.title {{ font-size: 16px; font-weight: 600; line-height: 1.4; margin: 0; }}
p.lead {{ margin: 2px 0 0; color: {colours.QUIET_INK}; }}
@media (max-width: 600px) {{
  .figures {{ grid-template-columns: repeat(2, 1fr); gap: 8px; }}
  .figure {{ padding: 8px 10px; }} .figure .value {{ font-size: 20px; }}
  .card dl {{ grid-template-columns: 1fr; }} .card dt {{ margin-top: 4px; }}
}}
"""

# Tables: Tabulator's own simple theme in our letters.
TABLE = f"""
:host {{ font-family: {fonts.STACK}; }}
.tabulator {{ font-size: 14px !important; border: none; }}
.tabulator .tabulator-header {{ border-bottom: 1px solid #c9ced4; }}
.tabulator .tabulator-header .tabulator-col {{ background: #fff; }}
.tabulator .tabulator-header .tabulator-col .tabulator-col-title {{ white-space: normal; font-weight: 600;
  line-height: 1.3; }}
.tabulator .tabulator-header .tabulator-col .tabulator-col-content {{ padding: 4px 6px; }}
.tabulator-row .tabulator-cell {{ border-right: none; white-space: nowrap; text-overflow: ellipsis;
  font-variant-numeric: tabular-nums; padding: 5px 6px; }}
.tabulator-row.tabulator-selected {{ background: #dbe9f4 !important; color: {colours.INK}; }}
"""
