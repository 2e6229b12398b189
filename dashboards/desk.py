"""The one place where data is asked for: snapshots, studies, queries and outlines, each kept for a while.

What is kept belongs to the store's files that it was made from, so that a new version is seen
at once and an old answer never is. No widgets here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from jitasa_analytics import areas, studies
from jitasa_analytics.geo import WEB_MERCATOR
from jitasa_analytics.store import Snapshot, Store
from jitasa_analytics.store.manifest import Manifest

Key = tuple[Any, ...]

# Outlines are drawn on about a thousand pixels: finer detail is left out.
_PIXELS = 2500.0


class Desk:
    """Asks a store, and remembers the last answers.

    Parameters
    ----------
    folder : Path
        The store.
    keep : int
        How many answers are kept, over all sessions of this process.
    """

    def __init__(self, folder: Path, *, keep: int = 200) -> None:
        self.store = Store(folder)
        self._keep = keep
        self._kept: OrderedDict[Key, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[Key, threading.Lock] = {}

    # -- asking ------------------------------------------------------------------------------

    def manifest(self) -> Manifest:
        """What the current version holds.

        Raises
        ------
        StoreError
            If the store is missing or damaged.
        """
        return self.store.manifest()

    def ask(self, study: str, area: str, **params: Any) -> studies.Answer:
        """The answer of a study for an area."""
        answer: studies.Answer = self._once(
            ("study", area, study, _frozen(params)), area, lambda s: studies.run(study, s, **params))
        return answer

    def query(self, name: str, area: str, **params: Any) -> pd.DataFrame:
        """The answer of a named query for an area; the query gets ``$head`` where it asks for it."""
        frame: pd.DataFrame = self._once(
            ("query", area, name, _frozen(params)), area, lambda s: s.query(name, head=head(area), **params))
        return frame.copy()

    def level_below(self, area: str) -> str:
        """The finest level right below an area of which the store has outlines; the area's own else."""
        level: str = self._once(("level", area), area, lambda s: _level_below(s, area))
        return level

    def shapes(self, level: str, within: str) -> gpd.GeoDataFrame:
        """Outlines of one level inside an area, projected for the map and thinned to what a screen shows.

        Returns
        -------
        GeoDataFrame, EPSG:3857, on area codes
        """
        return self._once(("shapes", level, within), within, lambda s: projected(s.areas(level, within=within)))

    def held(self) -> dict[str, str | None]:
        """Date of the data by dataset (import date where rows carry none)."""
        return {n: h.as_of or h.imported_at for n, h in self.manifest().datasets.items() if h.rows}

    @contextmanager
    def snapshot(self, area: str) -> Iterator[Snapshot]:
        """An open snapshot limited to an area."""
        with self.store.snapshot(area) as snapshot:
            yield snapshot

    # -- remembering -------------------------------------------------------------------------

    def _once(self, key: Key, area: str, make: Callable[[Snapshot], Any]) -> Any:
        """What ``make`` gives for the current version, made once however many sessions ask."""
        manifest = self.manifest()
        whole = (tuple(sorted(manifest.files.items())), *key)
        with self._lock:
            if whole in self._kept:
                self._kept.move_to_end(whole)
                return self._kept[whole]
            making = self._making.setdefault(whole, threading.Lock())
        try:
            with making:
                with self._lock:
                    if whole in self._kept:
                        return self._kept[whole]
                with Snapshot(self.store.folder, manifest, area) as snapshot:
                    made = make(snapshot)
                with self._lock:
                    self._kept[whole] = made
                    while len(self._kept) > self._keep:
                        self._kept.popitem(last=False)
                return made
        finally:
            with self._lock:
                self._making.pop(whole, None)


def head(area: str) -> str:
    """What the codes of areas inside an area start with."""
    return "" if area == areas.COUNTRY else area


def projected(shapes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Outlines for the map: projected, and thinned together so that neighbours still meet."""
    shapes = shapes[shapes.geometry.notna() & ~shapes.geometry.is_empty].to_crs(WEB_MERCATOR)
    if not len(shapes):
        return shapes
    west, south, east, north = shapes.total_bounds
    fine = max(east - west, north - south) / _PIXELS
    geometry = shapes.geometry.to_numpy()
    if int(shapely.get_num_coordinates(geometry).sum()) > 40 * len(geometry):
        geometry = shapely.coverage_simplify(geometry, fine)
    return gpd.GeoDataFrame(shapes.drop(columns="geometry"), geometry=geometry, index=shapes.index, crs=WEB_MERCATOR)


def _level_below(snapshot: Snapshot, area: str) -> str:
    own = areas.level_of(area)
    below = areas.below(own)
    return below if len(snapshot.areas(below, within=area)) else own


def _frozen(params: dict[str, Any]) -> Key:
    return tuple(sorted((n, tuple(v) if isinstance(v, list) else v) for n, v in params.items()))
