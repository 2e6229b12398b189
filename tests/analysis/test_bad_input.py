"""Every public measure refuses what it cannot compute with, in words that help, and leaves its inputs alone.

One table lists all measures: a good call, which columns and Series hold what, and which options have bounds. The tests
spoil one thing after another. What is refused names the argument and the value, and says what to do.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from jitasa_analytics.analysis import (
    access,
    allocate,
    coverage,
    decay,
    equity,
    hotspots,
    matching,
    placement,
    rates,
    responses,
    travel,
    trends,
)
from jitasa_analytics.errors import InputError, JitasaError, UnitError

INF, NAN = float("inf"), float("nan")
LABELS = list("abcd")


def demand() -> pd.DataFrame:
    return pd.DataFrame({"people": [10.0, 20.0, 30.0, 40.0]}, index=LABELS)


def supply() -> pd.DataFrame:
    return pd.DataFrame({"capacity": [5.0, 3.0]}, index=["s", "t"])


def minutes(unit: str = "minutes") -> travel.Travel:
    return travel.from_matrix([[5, 30], [10, 20], [INF, 12], [30, INF]], origins=LABELS, destinations=["s", "t"],
                              unit=unit)


def points() -> pd.DataFrame:
    return pd.DataFrame({"lon": [100.0, 100.1, 100.2, 100.3], "lat": [13.0, 13.0, 13.1, 13.1]}, index=LABELS)


def series(*values: float) -> pd.Series:
    return pd.Series(values or (4.0, 3.0, 2.0, 1.0), index=LABELS, dtype=float)


def dated(*values: float) -> pd.Series:
    return pd.Series(values or (0.0, 10.0, 20.0, 30.0), index=pd.date_range("2021-06-01", periods=4, freq="7D"))


def near() -> hotspots.Neighbours:
    return hotspots.from_pairs(pd.DataFrame({"area": ["a", "b", "c"], "neighbour": ["b", "c", "d"]}), index=LABELS)


def requests() -> pd.DataFrame:
    return pd.DataFrame({
        "requested_at": pd.to_datetime(["2021-07-01"] * 4), "urgency": ["high", "low", "low", "high"],
        "closed_at": pd.to_datetime(["2021-07-02", None, None, "2021-07-03"]),
    }, index=LABELS)


def country() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    index = pd.Index([f"p{i}" for i in range(30)])
    table = pd.DataFrame({"old": rng.uniform(size=30), "phones": rng.uniform(size=30)}, index=index)
    return {"requests": pd.Series(rng.poisson(20, 30).astype(float), index=index),
            "people": pd.Series(1000.0, index=index), "need": table[["old"]], "use": table[["phones"]], "draws": 3}


@dataclass
class Case:
    """A good call, and what may go wrong with it."""

    call: Callable[..., Any]
    good: Callable[[], dict[str, Any]]
    columns: list[tuple[str, str]] = field(default_factory=list)
    """Columns that must be there."""
    amounts: list[tuple[str, str]] = field(default_factory=list)
    """Columns of amounts: known, finite, 0 or more."""
    counts: list[str] = field(default_factory=list)
    """Series of counts: 0 or more; a missing one is no data."""
    labelled: list[str] = field(default_factory=list)
    """Arguments whose labels must be those of the others."""
    options: dict[str, list[Any]] = field(default_factory=dict)
    """Values that an option can't have."""


BOTH = [("demand", "people"), ("supply", "capacity")]
FCA = {"columns": BOTH, "amounts": BOTH, "labelled": ["demand", "supply"]}
REACH = {"columns": [("demand", "people")], "amounts": [("demand", "people")], "labelled": ["demand"]}
BELOW = [-1.0, NAN, "far", None]


def reach(**more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"demand": demand(), "travel": minutes(), **more}


def fca(**more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"demand": demand(), "supply": supply(), "travel": minutes(), **more}


def sites(**more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"demand": demand(), "candidates": supply().index, "travel": minutes(), **more}


CASES: dict[str, Case] = {
    "access.ratio": Case(access.ratio, fca(within=30.0), **FCA, options={"within": BELOW}),
    "access.two_step": Case(access.two_step, fca(decay=decay.step(30)), **FCA),
    "access.three_step": Case(access.three_step, fca(decay=decay.zones()), **FCA),
    "access.raam": Case(access.raam, fca(tau=10.0), **FCA, options={"tau": [0.0, *BELOW], "rho": [0.0, -1.0, NAN, "x"],
                                                                    "tolerance": [0.0, *BELOW]}),
    "access.equilibrium": Case(access.equilibrium, fca(tau=10.0), **FCA, options={"tau": [0.0, *BELOW]}),
    "access.spar": Case(access.spar, lambda: {"access": series(), "people": demand()}, columns=[("people", "people")],
                        amounts=[("people", "people")], labelled=["access", "people"], counts=["access"]),
    "allocate.largest_remainder": Case(allocate.largest_remainder, lambda: {"total": 7, "weights": series()},
                                       counts=["weights"], options={"total": [-1, 1.5, "x", None]}),
    "allocate.by_group": Case(
        allocate.by_group, lambda: {"totals": pd.Series({"N": 5, "S": 3}), "weights": series(),
                                    "groups": pd.Series(["N", "N", "S", "S"], index=LABELS)},
        counts=["weights", "totals"], labelled=["weights", "groups"]),
    "coverage.nearest_cost": Case(coverage.nearest_cost, reach(), labelled=["demand"]),
    "coverage.served": Case(coverage.served, reach(within=30.0), labelled=["demand"], options={"within": BELOW}),
    "coverage.out_of_reach": Case(coverage.out_of_reach, reach(within=30.0), **REACH, options={"within": BELOW}),
    "coverage.curve": Case(coverage.curve, reach(costs=[5.0, 10.0]), **REACH,
                           options={"costs": [[-1.0], [NAN], ["far"]]}),
    "coverage.gaps": Case(coverage.gaps, reach(within=30.0, by=pd.Series(["N", "N", "S", "S"], index=LABELS)), **REACH,
                          options={"within": BELOW, "by": ["nowhere"]}),
    "coverage.within_capacity": Case(coverage.within_capacity, fca(within=30.0), **FCA, options={"within": BELOW}),
    "equity.gini": Case(equity.gini, lambda: {"values": series(), "people": series()}, counts=["values", "people"],
                        labelled=["values", "people"]),
    "equity.theil": Case(equity.theil, lambda: {"values": series(), "people": series()}, counts=["values", "people"],
                         labelled=["values", "people"]),
    "equity.theil_by_group": Case(
        equity.theil_by_group, lambda: {"values": series(), "people": series(),
                                        "groups": pd.Series(["N", "N", "S", "S"], index=LABELS)},
        counts=["values", "people"], labelled=["values", "people", "groups"]),
    "equity.concentration_index": Case(
        equity.concentration_index, lambda: {"values": series(), "rank_by": series(), "people": series()},
        counts=["values", "people"], labelled=["values", "rank_by", "people"]),
    "equity.palma": Case(equity.palma, lambda: {"values": series(), "people": series()}, counts=["values", "people"],
                         labelled=["values", "people"], options={"top": [0.0, 2.0, *BELOW], "bottom": [0.0, *BELOW]}),
    "hotspots.gi_star": Case(hotspots.gi_star, lambda: {"values": series(), "neighbours": near(), "permutations": 9},
                             labelled=["values"], options={"permutations": [0, *BELOW]}),
    "hotspots.local_moran": Case(
        hotspots.local_moran, lambda: {"values": series(), "neighbours": near(), "permutations": 9},
        labelled=["values"], options={"permutations": [0, *BELOW]}),
    "hotspots.false_discovery": Case(hotspots.false_discovery, lambda: {"p": series(0.1, 0.2, 0.3, NAN)},
                                     counts=["p"]),
    "hotspots.clusters": Case(
        hotspots.clusters,
        lambda: {"points": points().assign(people=1.0), "km": 20.0, "at_least": 2, "weight": "people"},
        columns=[("points", "lon"), ("points", "lat"), ("points", "people")], amounts=[("points", "people")],
        options={"km": BELOW, "at_least": BELOW}),
    "hotspots.from_pairs": Case(
        hotspots.from_pairs, lambda: {"pairs": pd.DataFrame({"area": ["a"], "neighbour": ["b"]}), "index": LABELS},
        columns=[("pairs", "area"), ("pairs", "neighbour")]),
    "hotspots.touching": Case(hotspots.touching, lambda: {"areas": gpd.GeoDataFrame(
        geometry=[box(x, 0, x + 1, 1) for x in range(4)], index=LABELS, crs="EPSG:4326")}),
    "hotspots.within_km": Case(hotspots.within_km, lambda: {"points": points(), "km": 20.0},
                               columns=[("points", "lon"), ("points", "lat")], options={"km": BELOW}),
    "matching.match": Case(
        matching.match, lambda: {"requests": demand().assign(priority=1, max_cost=60.0), "helpers": supply(),
                                 "travel": minutes(), "within": 30.0},
        columns=[("helpers", "capacity")], amounts=[("helpers", "capacity"), ("requests", "priority")],
        labelled=["requests", "helpers"], options={"within": [-1.0, NAN, "far"]}),
    "placement.max_cover": Case(placement.max_cover, sites(within=30.0, n_sites=1), **REACH,
                                options={"within": BELOW[:3], "n_sites": [-1, 1.5, "x"]}),
    "placement.set_cover": Case(placement.set_cover, sites(within=30.0), **REACH, options={"within": BELOW[:3]}),
    "placement.p_median": Case(placement.p_median, sites(n_sites=2), **REACH, options={"n_sites": [-1, 1.5, "x"]}),
    "placement.p_center": Case(placement.p_center, sites(n_sites=2), **REACH, options={"n_sites": [-1, 1.5, "x"]}),
    "rates.coverage": Case(rates.coverage, lambda: {"count": series(), "people": series()}, counts=["count", "people"],
                           labelled=["count", "people"], options={"confidence": [0.0, 1.0, *BELOW]}),
    "rates.drop_out": Case(rates.drop_out, lambda: {"first": series(), "second": series()}, counts=["first", "second"],
                           labelled=["first", "second"]),
    "rates.drop_out_over_time": Case(
        rates.drop_out_over_time, lambda: {"first": dated().to_frame("a"), "second": dated().to_frame("a"),
                                           "interval_days": 21},
        options={"interval_days": BELOW}),
    "rates.zero_dose": Case(rates.zero_dose, lambda: {"first": series(), "people": series()},
                            counts=["first", "people"], labelled=["first", "people"],
                            options={"confidence": [0.0, 1.0, *BELOW]}),
    "rates.empirical_bayes": Case(rates.empirical_bayes, lambda: {"count": series(), "people": series()},
                                  counts=["count", "people"], labelled=["count", "people"]),
    "rates.switch_denominator": Case(
        rates.switch_denominator, lambda: {"count": series(), "people": pd.DataFrame({"r": series(), "w": series()})},
        counts=["count"], labelled=["count", "people"]),
    "responses.per_1000": Case(responses.per_1000, lambda: {"requests": series(), "people": series()},
                               counts=["requests", "people"], labelled=["requests", "people"]),
    "responses.expected_need": Case(
        responses.expected_need, country, counts=["requests", "people"],
        labelled=["requests", "people", "need", "use"],
        options={"reference": [1.5, *BELOW], "confidence": [0.0, 1.0, *BELOW], "folds": [1, *BELOW],
                 "draws": [1, *BELOW]}),
    "responses.open_hours": Case(responses.open_hours, lambda: {"requests": requests(), "as_of": "2021-07-05"},
                                 columns=[("requests", "requested_at"), ("requests", "closed_at")],
                                 options={"as_of": ["soon", None]}),
    "responses.time_to_close": Case(
        responses.time_to_close, lambda: {"requests": requests(), "as_of": "2021-07-05"},
        columns=[("requests", "requested_at"), ("requests", "closed_at")],
        options={"as_of": ["soon", None], "confidence": [0.0, 1.0, *BELOW]}),
    "responses.overdue": Case(
        responses.overdue,
        lambda: {"requests": requests(), "limit_hours": {"high": 6.0, "low": 48.0}, "as_of": "2021-07-05"},
        columns=[("requests", "requested_at"), ("requests", "closed_at"), ("requests", "urgency")],
        options={"as_of": ["soon", None], "limit_hours": [{"high": 6.0}, {"high": -1.0, "low": 1.0}]}),
    "responses.overdue_by_urgency": Case(
        responses.overdue_by_urgency,
        lambda: {"requests": requests(), "limit_hours": {"high": 6.0, "low": 48.0}, "as_of": "2021-07-05"},
        columns=[("requests", "requested_at"), ("requests", "closed_at"), ("requests", "urgency")],
        options={"as_of": ["soon", None]}),
    "responses.silence": Case(
        responses.silence,
        lambda: {"reports": pd.DataFrame({"area_code": LABELS, "at": pd.Timestamp("2021-07-01")}), "areas": LABELS,
                 "as_of": "2021-07-05", "days": 2},
        columns=[("reports", "area_code"), ("reports", "at")], options={"as_of": ["soon", None], "days": BELOW}),
    "travel.straight_line": Case(
        travel.straight_line, lambda: {"origins": points(), "destinations": points().iloc[:2], "max_km": 50.0},
        columns=[("origins", "lon"), ("destinations", "lat")],
        options={"max_km": BELOW, "detour": [0.5, NAN, "x"], "speed_kmh": [0.0, -1.0, NAN, "x"]}),
    "travel.to_nearest": Case(
        travel.to_nearest, lambda: {"origins": points(), "destinations": points().iloc[:2], "max_km": 50.0},
        columns=[("origins", "lon"), ("destinations", "lat")],
        options={"max_km": BELOW, "detour": [0.5, NAN, "x"], "speed_kmh": [0.0, -1.0, NAN, "x"]}),
    "travel.any_distance": Case(
        travel.any_distance, lambda: {"origins": points(), "destinations": points().iloc[:2]},
        columns=[("origins", "lon"), ("destinations", "lat")],
        options={"detour": [0.5, NAN, "x"], "speed_kmh": [0.0, -1.0, NAN, "x"]}),
    "travel.from_matrix": Case(travel.from_matrix, lambda: {"costs": [[1.0, INF], [2.0, 3.0]]},
                               options={"costs": [[[-1.0]], [[NAN]], [["x"]], [1.0]]}),
    "travel.on_network": Case(
        travel.on_network,
        lambda: {"origins": points(), "destinations": points().iloc[:2], "nodes": points(), "max_cost": 60.0,
                 "edges": pd.DataFrame({"from_node": ["a", "b"], "to_node": ["b", "c"], "minutes": [5.0, 6.0]})},
        columns=[("origins", "lon"), ("nodes", "lat"), ("edges", "from_node"), ("edges", "to_node"),
                 ("edges", "minutes")],
        amounts=[("edges", "minutes")],
        options={"max_cost": BELOW, "max_snap_km": BELOW, "snap_speed_kmh": [0.0, -1.0, NAN, "x"]}),
    "trends.weekly": Case(
        trends.weekly, lambda: {"times": pd.Series(pd.to_datetime(["2021-07-05"] * 4), index=LABELS),
                                "start": "2021-07-05", "end": "2021-07-20"},
        options={"start": ["soon", None, "2021-08-01"], "end": ["soon", None]}),
    "trends.weekly_new": Case(trends.weekly_new, lambda: {"cumulative": dated()}, counts=["cumulative"]),
    "trends.anomalies": Case(trends.anomalies, lambda: {"cumulative": dated()}, counts=["cumulative"],
                             options={"factor": [1.0, *BELOW]}),
    "trends.change_points": Case(trends.change_points, lambda: {"values": series()},
                                 options={"min_size": [0, *BELOW], "penalty": BELOW}),
    "trends.project": Case(
        trends.project, lambda: {"cumulative": dated(), "people": 100, "target": 0.7}, counts=["cumulative"],
        options={"people": [0.0, *BELOW], "target": [0.0, *BELOW], "weeks": [1, *BELOW],
                 "confidence": [0.0, 1.0, *BELOW], "horizon_days": [0, *BELOW], "due": ["soon"]}),
    "trends.data_age": Case(
        trends.data_age, lambda: {"newest": pd.Series(pd.to_datetime(["2021-07-05"] * 4), index=LABELS),
                                  "as_of": "2021-07-20"},
        options={"as_of": ["soon", None]}),
}
# Values, not measures: how they are refused is in their own tests.
ELSEWHERE = {"rates.wilson", "placement.explain", "placement.frontier", "placement.plan", "placement.robust",
             "placement.why_infeasible"}


def public() -> Iterator[str]:
    modules: list[ModuleType] = [access, allocate, coverage, equity, hotspots, matching, placement, rates, responses,
                                 travel, trends]
    for module in modules:
        short = module.__name__.rsplit(".", 1)[1]
        own = getattr(module, "__all__", None) or [n for n, v in vars(module).items() if getattr(
            v, "__module__", "") == module.__name__ and not n.startswith("_")]
        yield from (f"{short}.{name}" for name in own if inspect.isfunction(getattr(module, name)))


def test_no_public_measure_is_left_out() -> None:
    assert set(public()) - ELSEWHERE == set(CASES)


def same(left: Any, right: Any) -> bool:
    if isinstance(left, pd.DataFrame | pd.Series):
        return left.equals(right) and left.index.equals(right.index)
    if isinstance(left, travel.Travel | hotspots.Neighbours):
        return all(np.array_equal(getattr(left, n), getattr(right, n)) for n in ("indptr", "indices"))
    return repr(left) == repr(right)


def call(case: Case, arguments: dict[str, Any]) -> Any:
    """Call, and check that nothing was changed, whatever came of it."""
    before = copy.deepcopy(arguments)
    try:
        return case.call(**arguments)
    finally:
        for name, value in arguments.items():
            assert same(value, before[name]), f"{name} was changed"


def refused(case: Case, arguments: dict[str, Any], *names: str, kind: type[JitasaError] = InputError) -> str:
    with pytest.raises(kind) as caught:
        call(case, arguments)
    message = str(caught.value)
    assert any(name in message for name in names), f"{message!r} names none of {names}"
    return message


every = pytest.mark.parametrize("name", sorted(CASES))


@every
def test_a_good_call_answers_and_leaves_its_inputs_alone(name: str) -> None:
    call(CASES[name], CASES[name].good())


@every
def test_a_missing_column_is_named(name: str) -> None:
    for argument, column in CASES[name].columns:
        arguments = CASES[name].good()
        arguments[argument] = arguments[argument].drop(columns=column)
        message = refused(CASES[name], arguments, repr(column), f"'{column}'")
        assert argument in message or argument in ("edges", "pairs"), message


@every
def test_amounts_that_cannot_be_are_named(name: str) -> None:
    for argument, column in CASES[name].amounts:
        for wrong in (-7.0, NAN, -INF, "seven"):
            arguments = CASES[name].good()
            frame = arguments[argument].astype({column: object})
            frame.iloc[1, frame.columns.get_loc(column)] = wrong
            arguments[argument] = frame if isinstance(wrong, str) else frame.astype({column: float})
            message = refused(CASES[name], arguments, f"{argument}[{column!r}]")
            assert wrong != -7.0 or "-7" in message, message


@every
def test_counts_that_cannot_be_are_named(name: str) -> None:
    for argument in CASES[name].counts:
        for wrong in (-7.0, INF, "seven"):
            arguments = CASES[name].good()
            spoilt = arguments[argument].astype(object)
            spoilt.iloc[1] = wrong
            arguments[argument] = spoilt if isinstance(wrong, str) else spoilt.astype(float)
            message = refused(CASES[name], arguments, argument)
            assert wrong != -7.0 or "-7" in message, message


@every
def test_labels_that_do_not_fit_are_named(name: str) -> None:
    for argument in CASES[name].labelled:
        arguments = CASES[name].good()
        first = arguments[argument].index[0]
        arguments[argument] = arguments[argument].rename(index={first: "stranger"})
        refused(CASES[name], arguments, "'stranger'", repr(first))
        arguments = CASES[name].good()
        second = arguments[argument].index[1]
        arguments[argument] = arguments[argument].rename(index={first: second})
        refused(CASES[name], arguments, repr(second))


@every
def test_options_out_of_bounds_are_named_with_their_value(name: str) -> None:
    for option, values in CASES[name].options.items():
        for wrong in values:
            message = refused(CASES[name], {**CASES[name].good(), option: wrong}, option, option.rstrip("s"), "radius")
            assert ";" in message or "must" in message, message
            if isinstance(wrong, int | float | str) and wrong == wrong:
                assert f"{wrong}" in message or f"{wrong:g}" in message, message


@every
def test_something_else_than_a_frame_is_refused_in_words(name: str) -> None:
    for argument, value in CASES[name].good().items():
        if isinstance(value, pd.DataFrame | pd.Series | travel.Travel | hotspots.Neighbours):
            for other in (5, None, "text", [1, 2]):
                if other is None and argument in ("people", "rho", "within"):
                    continue  # left out
                if isinstance(other, list | str) and argument in ("by",):
                    continue
                refused(CASES[name], {**CASES[name].good(), argument: other}, argument)


@every
def test_empty_frames_give_an_empty_answer_or_a_reason(name: str) -> None:
    case, arguments = CASES[name], CASES[name].good()
    for argument, value in arguments.items():
        if isinstance(value, pd.DataFrame | pd.Series):
            arguments[argument] = value.iloc[:0]
        elif isinstance(value, pd.Index):
            arguments[argument] = value[:0]
        elif isinstance(value, travel.Travel):
            arguments[argument] = value.restrict(origins=[], destinations=[])
        elif isinstance(value, hotspots.Neighbours):
            arguments[argument] = value.restrict([])
    if name in ("travel.from_matrix", "hotspots.from_pairs"):
        return
    try:
        result = call(case, arguments)
    except JitasaError as error:
        assert len(str(error)) > 20
        return
    if isinstance(result, pd.Series | pd.DataFrame):
        # A row for each place, area or date that was given: there was none.
        assert len(result) == 0 or name in ("coverage.curve", "responses.silence", "responses.overdue_by_urgency",
                                            "trends.weekly")
    if isinstance(result, float):
        assert np.isnan(result)


@pytest.mark.parametrize("name", ["access.two_step", "access.three_step"])
def test_minutes_are_not_kilometres(name: str) -> None:
    message = refused(CASES[name], {**CASES[name].good(), "travel": minutes("km")}, "km", kind=UnitError)
    assert "minutes" in message and "to_minutes" in message


@pytest.mark.parametrize("name", ["travel.straight_line", "travel.any_distance", "travel.to_nearest",
                                  "hotspots.within_km", "hotspots.clusters"])
def test_coordinates_in_metres_or_swapped_are_no_degrees(name: str) -> None:
    case = CASES[name]
    argument = next(a for a, v in case.good().items() if isinstance(v, pd.DataFrame))
    metres = gpd.GeoSeries.from_xy(*points().to_numpy().T, crs="EPSG:4326", index=LABELS).to_crs("EPSG:32647")
    for lon, lat in ((metres.x, metres.y), (points()["lat"], points()["lon"])):
        spoilt = case.good()[argument].assign(lon=lon, lat=lat)
        message = refused(case, {**case.good(), argument: spoilt}, argument)
        assert "swapped or projected" in message


def test_outlines_of_an_unknown_reference_system_or_none_are_refused() -> None:
    shapes = CASES["hotspots.touching"].good()["areas"]
    assert len(hotspots.touching(shapes).indices) == 6
    refused(CASES["hotspots.touching"], {"areas": shapes.set_crs(None, allow_override=True)}, "reference system")
    empty = shapes.copy()
    empty.loc["b", "geometry"] = None
    refused(CASES["hotspots.touching"], {"areas": empty}, "'b'")
    refused(CASES["hotspots.touching"], {"areas": pd.DataFrame({"name": ["x"]})}, "areas")
