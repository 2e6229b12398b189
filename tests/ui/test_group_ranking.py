"""Groups of areas side by side: sums of their members, hidden where a member's small count would be given away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from dashboards import discreet
from dashboards.desk import Desk
from dashboards.pages.compare import Compare
from dashboards.scope import Scope
from jitasa_analytics.service.roles import User
from jitasa_analytics.store import Store


def test_groups_are_ranked_by_the_sums_of_their_members(sample_store: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    shutil.copytree(sample_store, folder)
    desk = Desk(folder)
    parts = desk.query("page_areas", "TH", digits=6).set_index("area_code")
    hidden = parts.index[parts["hidden"]][0]
    clear = parts.index[~parts["hidden"] & (parts["waiting"] > 0)][:2]
    with Store(folder).transaction(note="groups") as tx:
        tx.insert("area_groups", pd.DataFrame({
            "group_kind": "sao", "group_code": ["a", "a", "b", "b"], "area_code": [*clear, clear[0], hidden],
            "name_th": ["อบต. ก", "อบต. ก", "อบต. ข", "อบต. ข"], "name_en": ["<i>A", "<i>A", "B", "B"],
            "source": "test"}))
    desk = Desk(folder)
    found = discreet.ranking(desk, "sao")
    assert list(found.index) == ["sao:a", "sao:b"], "what is hidden stands last"
    assert found.loc["sao:a", "waiting"] == parts.loc[clear, "waiting"].sum()
    assert pd.isna(found.loc["sao:b", "waiting"]) and pd.isna(found.loc["sao:b", "requests_per_1000"])
    assert found.loc["sao:b", "people"] == parts.loc[[clear[0], hidden], "people"].sum()
    regions = discreet.ranking(desk, "health_region")
    whole = desk.query("page_areas", "TH", digits=2)
    assert len(regions) == 13 and regions["requests_per_1000"].dropna().is_monotonic_decreasing
    for column in ("people", "waiting", "volunteers"):
        assert regions[column].sum() == whole[column].sum(), column
    page = Compare(desk=desk, scope=Scope(lang="en"), asked={})
    told = page._ranking("sao")
    assert "&lt;i&gt;A" in told and "<i>A" not in told and "area=sao%3Aa" in told
    assert page._ranking("health_region").count("health_region%3A") == 13
    assert ">0.00<" not in page._ranking("health_region"), "a small rate shows digits that count"
    beside = Compare(desk=desk, scope=Scope(lang="en", area="20"), asked={}).figures.object
    rate = whole.set_index("area_code").loc["20", "requests_per_1000"]
    assert f"<td class=n>{rate:.2f}</td>" in beside.split("Open requests per 1,000 people")[1].split("</tr>")[0]
    own = Compare(desk=desk.seen_by(lambda: User("c", "province", "20")), scope=Scope(home="20", lang="en"), asked={})
    assert own._groups() == [], "an account of an area sees no other area's sums"
