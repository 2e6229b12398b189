"""The careful lane: rows of a table, each held against every rule, with all that there is to say."""

from __future__ import annotations

from typing import cast

import pandas as pd

from jitasa_analytics.ingest import check, locate, mapping, names, series
from jitasa_analytics.ingest.findings import Findings
from jitasa_analytics.ingest.job import Job, Run
from jitasa_analytics.ingest.locate import Locator
from jitasa_analytics.ingest.mapping import ROW
from jitasa_analytics.ingest.table import Table
from jitasa_analytics.store import Transaction


def checked(tx: Transaction, job: Job, table: Table, findings: Findings, run: Run) -> pd.DataFrame:
    """Rows of values with their area; refused rows are named in the findings."""
    contract = job.contract
    for rule in job.recipe.refuse:
        if rule.column in table.frame:
            hit = mapping.fits(table.frame[rule.column], rule.matches)
            for row, value in table.frame.loc[hit, rule.column].items():
                findings.add(cast(int, row), rule.column, value, rule.code, "error")
    for row, header, before, after in mapping.padded(table, job.recipe):
        findings.add(row, header, before, "leading_zeros", "repair", after=after)
    raw = mapping.rows(table, job.recipe, contract)
    for row in sorted(set(table.frame.index) - set(raw[ROW]) - findings.refused()):
        findings.add(row, job.recipe.parts[0].measure, "", "no_measure", "error")
    raw = raw[~raw[ROW].isin(findings.refused())].reset_index(drop=True)
    address = mapping.address(table, job.recipe)
    if job.recipe.address:
        raw["_address"] = (address["province"] + address["district"] + address["tambon"]).reindex(raw[ROW]).to_numpy()
    frame = check.values(raw, contract, job.recipe, findings, run.key)
    if contract.name == "dose_reports":
        series.check(frame, findings)
    if contract.name != "areas":
        locate.apply(frame, address, contract, locator(tx, run), findings)
        if contract.one_of == ("lon", "area_code"):
            _need_a_place(frame, address, findings)
    elif "geometry" in frame:
        names.complete(frame, findings)
        for row in frame.loc[[g is None or g.is_empty for g in frame["geometry"]], ROW]:
            findings.add(row, "geometry", "", "no_outline", "warning")
    return frame


def locator(tx: Transaction, run: Run) -> Locator:
    """What finds the areas of points, as the outlines stand in this import."""
    if run.locator is None:
        run.locator = Locator(tx.frame("areas"))
    return run.locator


def _need_a_place(frame: pd.DataFrame, address: pd.DataFrame, findings: Findings) -> None:
    """A request or volunteer without coordinates needs an area that its address gives."""
    lon = frame["lon"] if "lon" in frame else pd.Series(float("nan"), index=frame.index)
    refused = findings.refused()
    for row in frame.loc[lon.isna() & frame["area_code"].isna(), ROW]:
        if int(row) in refused:
            continue
        given = {level: str(address.at[row, level]) for level in reversed(address.columns)} if len(address) else {}
        level, text = next(((k, v) for k, v in given.items() if v.strip()), ("area_code", ""))
        many = len(names.bearers(text)) > 1
        findings.add(row, level, text, "ambiguous_area" if many else "unknown_area", "error",
                     proposal=names.proposal(text) if text else "")
