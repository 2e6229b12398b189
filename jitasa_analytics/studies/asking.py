"""Who asks and who helps: requests and volunteers of the scope, and where they stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from jitasa_analytics.contracts import OPEN_STATUSES
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames
from jitasa_analytics.studies.answer import Note

BANGKOK = pd.Timedelta(hours=7)


def last_day(snapshot: Snapshot) -> dt.date:
    """The day of the store's newest request, in Bangkok; the same for every scope."""
    newest = snapshot.held("requests").as_of or f"{snapshot.created_at + BANGKOK:%Y-%m-%d}"
    return dt.date.fromisoformat(str(newest)[:10])


def open_requests(snapshot: Snapshot, day: dt.date, *, category: str | None = None, urgency: str | None = None,
                  statuses: Sequence[str] = OPEN_STATUSES) -> pd.DataFrame:
    """Requests that were made by a day and wait for help, on ``request_id``."""
    return snapshot.query("open_requests", statuses=list(statuses), day=day.isoformat(), urgency=urgency or "",
                          category=category or "").set_index("request_id")


def requests_made(snapshot: Snapshot, first: dt.date, last: dt.date) -> pd.DataFrame:
    """Requests made from one day to another (Bangkok's), on ``request_id``; no duplicates and none withdrawn."""
    return snapshot.query("requests_made", first=first.isoformat(), last=last.isoformat()).set_index("request_id")


def volunteers(snapshot: Snapshot, day: dt.date) -> pd.DataFrame:
    """Volunteers available on a day, on ``volunteer_id``; ``capacity`` in requests a day."""
    return snapshot.query("available_volunteers", day=day.isoformat()).set_index("volunteer_id")


def words(cells: pd.Series) -> pd.Series:
    """The words of a list in a cell: ``"car; van"`` is ``["car", "van"]``, nothing is ``[]``.

    >>> words(pd.Series(["car; van", None])).tolist()
    [['car', 'van'], []]
    """
    known = cells.where(cells.notna(), "").astype(str)
    return pd.Series([[w.strip() for w in cell.split(";") if w.strip()] for cell in known], index=cells.index,
                     dtype=object)


def placed(snapshot: Snapshot, table: pd.DataFrame, kind: str) -> tuple[pd.DataFrame, list[Note]]:
    """Where the rows of a table stand: columns lon, lat, on those rows that lie somewhere.

    A row without coordinates stands at a point inside its area; one without either is left out.

    Parameters
    ----------
    table : DataFrame, columns lon, lat, area_code
    kind : {"requests", "volunteers"}
        For the notes.
    """
    bare = table["lon"].isna() | table["lat"].isna()
    points = frames.representative_points(snapshot, {str(c) for c in table.loc[bare, "area_code"].dropna()})
    stand_in = points.reindex(table["area_code"].to_numpy()).set_axis(table.index)
    where = table[["lon", "lat"]].where(~bare, stand_in)
    moved, lost = int((bare & where["lon"].notna()).sum()), int(where["lon"].isna().sum())
    notes = []
    if moved:
        notes.append(Note(f"note.{kind}_at_centre", {"count": moved}))
    if lost:
        notes.append(Note(f"note.{kind}_nowhere", {"count": lost}))
    return where[where["lon"].notna()], notes


def unheard(snapshot: Snapshot, frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The frame with no data, instead of 0, in these counts where no request ever came from the whole province.

    The service is not used there, so that nothing is known of need; areas whose rows hold a request stay.

    Parameters
    ----------
    frame : DataFrame, on area codes, column ``requests_open``
    """
    silent = ~frame.index.str[:2].isin(snapshot.query("provinces_asking")["province"])
    silent &= (frame["requests_open"] == 0).to_numpy(bool)
    return frame.assign(**{name: frame[name].astype("Int64").mask(silent) for name in columns})


def note_unheard(frame: pd.DataFrame) -> list[Note]:
    """What `unheard` left open, in words."""
    silent = frame.index[frame["requests_open"].isna()]
    return [Note("note.unheard", {"areas": len(silent), "names": frames.some_areas(silent)})] if len(silent) else []


def by_area(codes: pd.Series, index: pd.Index) -> pd.Series:
    """How many rows lie in each area; 0 where none does."""
    return codes.value_counts().reindex(index).fillna(0).astype("int64")
