"""Area by area, in this process and on a cluster: the same answer as for all at once, or a reason why not."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import param
import pytest

import jitasa_analytics as ja
from jitasa_analytics.cli import main
from jitasa_analytics.errors import InputError, JitasaError, NoDataError, StoreError
from jitasa_analytics.store import Store, bundle
from jitasa_analytics.studies import Figure, Note, Study, Term, joining
from tests.studies.road import town

TOWN = {"service": "vaccination_point", "km": 15.0, "detour": 1.0, "level": "tambon"}


def same(found: Any, wanted: Any) -> None:
    """The same rows, figures and notes, whatever the way."""
    pd.testing.assert_frame_equal(pd.DataFrame(found.frame), pd.DataFrame(wanted.frame))
    assert dict(found.figures) == dict(wanted.figures)
    assert found.notes == wanted.notes
    assert (found.version, found.scope, found.sample, found.as_of) == (
        wanted.version, wanted.scope, wanted.sample, wanted.as_of)


def test_a_halo_study_gives_at_the_border_what_the_whole_country_gives(make: Callable[..., Store]) -> None:
    store = make(town())
    parts = ja.run_by_area("coverage_gaps", store, **TOWN)
    with store.snapshot() as s:
        whole = ja.run("coverage_gaps", s, **TOWN)
    pd.testing.assert_frame_equal(pd.DataFrame(parts.frame), pd.DataFrame(whole.frame))
    # D lives in province 20, 10.85 km from the facility in 21: a province without its halo would lose it.
    assert parts.tables["places"].loc["D", "facility_id"] == "f2"
    assert bool(parts.tables["places"].loc["D", "in_reach"])
    assert parts.figures["people_out_of_reach"].value == 400 == whole.figures["people_out_of_reach"].value
    assert parts.figures["share_out_of_reach"].value == pytest.approx(400 / 820)
    assert parts.scope == "TH"
    # How many facilities are nearest to somebody does not add up across a border, and is not guessed.
    assert "facilities_nearest" not in parts.figures
    assert any("Nearest facilities in use" in n.text("en") for n in parts.notes)


def test_the_sample_by_area_is_the_sample_as_a_whole(sample_store: Path) -> None:
    store = ja.open_store(sample_store)
    parts = ja.run_by_area("coverage_gaps", store, by="district", scope="20", minutes=15)
    with store.snapshot("20") as s:
        whole = ja.run("coverage_gaps", s, minutes=15)
    pd.testing.assert_frame_equal(pd.DataFrame(parts.frame), pd.DataFrame(whole.frame))
    for name in parts.figures:
        assert parts.figures[name].value == pytest.approx(whole.figures[name].value, rel=1e-12)
    assert {n.key for n in whole.notes} <= {n.key for n in parts.notes}


def test_access_at_a_border_counts_who_competes_across_it(make: Callable[..., Store]) -> None:
    tables = town()
    tables["facilities"]["capacity_per_day"] = [10.0, 20.0, 5.0]
    asked = {"service": "vaccination_point", "minutes": 60, "level": "tambon"}
    store = make(tables)
    parts = ja.run_by_area("access", store, **asked)
    with store.snapshot() as s:
        whole = ja.run("access", s, **asked)
    pd.testing.assert_frame_equal(pd.DataFrame(parts.frame), pd.DataFrame(whole.frame).drop(columns="spar"))


def test_an_area_without_data_keeps_its_rows_without_values(make: Callable[..., Store]) -> None:
    tables = town()
    tables["places"] = tables["places"][tables["places"]["area_code"] != "210101"]
    parts = ja.run_by_area("coverage_gaps", make(tables), **TOWN)
    assert parts.frame.loc["210101", ["people", "people_out_of_reach"]].isna().all()
    assert parts.figures["people"].value == 750
    assert "Areas without data, shown as no data: 1 (Rayong)." in [n.text("en") for n in parts.notes]


def test_nothing_anywhere_is_refused_like_nothing_at_all(make: Callable[..., Store]) -> None:
    tables = town()
    del tables["places"]
    with pytest.raises(NoDataError, match="places"):
        ja.run_by_area("coverage_gaps", make(tables))


@pytest.mark.parametrize("study", ["best_sites", "volunteer_ratio"])
def test_a_national_study_refuses_and_says_why(study: str, make: Callable[..., Store]) -> None:
    with pytest.raises(InputError, match="its answer for one area depends on all others"):
        ja.run_by_area(study, make(town()))


def test_what_cannot_be_split_is_refused(make: Callable[..., Store]) -> None:
    store = make(town())
    for by, scope in (("tambon", None), ("province", "2001"), ("country", None)):
        with pytest.raises(InputError, match="can't be split"):
            ja.run_by_area("coverage_gaps", store, by=by, scope=scope)
    with pytest.raises(InputError, match="minutes"):
        ja.run_by_area("coverage_gaps", store, minutes=-1)
    with pytest.raises(JitasaError, match="no Dask scheduler answers at nowhere"):
        ja.run_by_area("coverage_gaps", store, scheduler="nowhere://x")


def test_the_command_runs_by_area(sample_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, code in ((["--by", "district", "--out", str(tmp_path / "gaps.csv")], 0), (["--scheduler", "x"], 2)):
        with pytest.raises(SystemExit) as stop:
            main(["run", "coverage_gaps", "--store", str(sample_store), "--area", "20", "--lang", "en", *words])
        assert stop.value.code == code
    assert "go with --by only" in capsys.readouterr().err
    assert len(pd.read_csv(tmp_path / "gaps.csv")) == 92


# -- how parts become a whole -----------------------------------------------------------------

def test_means_are_joined_by_their_weight_and_sums_only_where_they_are_sums(make: Callable[..., Store]) -> None:
    with make(town()).snapshot("20") as s:
        answer = ja.run("coverage_gaps", s, **TOWN)

    def part(people: float, share: float, odd: float) -> Any:
        import dataclasses

        frame = answer.frame.iloc[:1].assign(people=int(people))
        return dataclasses.replace(answer, frame=frame, notes=(), figures={
            "people": Figure(people, "persons"), "share": Figure(share, "share", weight=people),
            "odd": Figure(odd, "persons"), "gone": Figure(float("nan"), "share", weight=0.0)})

    found, left = joining._figures([part(100, 0.5, 7), part(300, 0.1, 9)])
    assert found["people"].value == 400
    assert found["share"].value == pytest.approx((50 + 30) / 400)
    assert found["share"].weight == 400
    assert pd.isna(found["gone"].value)
    assert left == ["odd"]


def test_notes_are_told_once_and_their_counts_add_up() -> None:
    class Told:
        def __init__(self, *notes: Note) -> None:
            self.notes = notes

    first = Told(Note("note.no_places", {"areas": 1, "names": (Term("area", "20"),)}), Note("note.people_estimated"))
    second = Told(Note("note.no_places", {"areas": 2, "names": (Term("area", "21"), Term("area", "22"))}),
                  Note("note.people_estimated"))
    notes = joining._notes([first, second])  # type: ignore[list-item]
    assert [n.key for n in notes] == ["note.no_places", "note.people_estimated"]
    assert notes[0].values["areas"] == 3
    assert [t.value for t in notes[0].values["names"]] == ["20", "21", "22"]


# -- on a cluster -----------------------------------------------------------------------------

class Fragile(Study):
    """How many places there are; the first process that is asked about the second province dies."""

    slug = "fragile"
    needs: ClassVar[tuple[str, ...]] = ("places",)
    mark = param.String(default="", doc="File that says that one process died.")

    def run(self, snapshot: Any) -> Any:
        if snapshot.scope == "21" and self.mark and not Path(self.mark).exists():
            Path(self.mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        places = snapshot.query("places_in_scope", head=snapshot.scope)
        frame = places.groupby(places["area_code"].str[:6]).size().rename("places").to_frame().rename_axis("area_code")
        return self.answer(snapshot, frame, measure="places", unit="places",
                           figures={"places": Figure(len(places), "places")})


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A real scheduler and two worker processes on this machine."""
    import dask
    from distributed import LocalCluster

    with dask.config.set({"distributed.worker.profile.enabled": False}), LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
            silence_logs=50) as made:
        yield made


@pytest.mark.xdist_group("cluster")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning",
                            "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_cluster_gives_the_same_and_a_lost_worker_costs_only_time(
        cluster: Any, make: Callable[..., Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, address = make(town()), cluster.scheduler_address
    here = ja.run_by_area("coverage_gaps", store, **TOWN)
    same(ja.run_by_area("coverage_gaps", store, scheduler=address, **TOWN), here)

    # The workers don't see this folder: they get the version's files, and the restricted ones are not among them.
    packed = bundle.pack(store, 1)
    restricted = store.manifest().files["restricted"]
    assert packed[f"files/{restricted}"] == b""
    same(ja.run_by_area("coverage_gaps", store, scheduler=address, send_files=True, **TOWN), here)
    away = store.folder.rename(tmp_path / "away")
    hidden = Store(store.folder)
    away.rename(store.folder)
    same(ja.run_by_area("coverage_gaps", hidden, scheduler=address, **TOWN), here)

    with pytest.raises(SystemExit) as stop:
        main(["run", "coverage_gaps", "--store", str(store.folder), "--by", "province", "--scheduler", address,
              "--out", str(tmp_path / "gaps.csv"), *(word for n, v in TOWN.items() for word in (f"--{n}", str(v)))])
    assert stop.value.code == 0
    here.to_csv(tmp_path / "here.csv")
    assert (tmp_path / "gaps.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()

    mark = tmp_path / "one_died"
    found = ja.run_by_area(Fragile, store, scheduler=address, mark=str(mark))
    assert mark.exists(), "no worker died, so nothing was tested"
    same(found, ja.run_by_area(Fragile, store, mark=str(mark)))
    assert found.figures["places"].value == 5


def test_a_version_that_was_sent_opens_like_the_one_at_home(make: Callable[..., Store], tmp_path: Path) -> None:
    store = make(town())
    packed = bundle.pack(store, 1)
    for _ in range(2):
        folder = bundle.unpack(packed, tmp_path / "sent")
    assert not list((tmp_path / "sent").rglob(".part-*"))
    with Store(folder).snapshot("20", 1) as sent, store.snapshot("20") as home:
        pd.testing.assert_frame_equal(sent.frame("places"), home.frame("places"))
    with pytest.raises(StoreError):
        Store(tmp_path / "none").snapshot("20", 1)
