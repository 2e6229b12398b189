"""H3 cells of points: hexagons of one size over the whole earth, so that points can be counted by ground.

The cells are those of the h3 library, point for point. Many points are asked of compiled code of our own,
which knows only the one face of H3's icosahedron that all of Thailand lies on; few points, points elsewhere,
and those within a hair of an edge are asked of h3 itself.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from jitasa_analytics import geo

# Hexagons of about 0.74 km², 530 m from the middle to a corner: a village, or a few streets of a town.
RESOLUTION = 8

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]

# Below this many points compiled code is not worth loading.
_FEW = 5_000
_NONE = 0
_ASK = -1
# The corners of the lattice in the order in which a digit of a cell turns by a sixth.
_TURNED = {0: 0, 1: 5, 5: 4, 4: 6, 6: 2, 2: 3, 3: 1}
_DIGIT_BITS = 45
_LETTERS = 15


def of_points(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Cells:
    """The cell of each point as a number; 0 where a coordinate is missing or out of range.

    Parameters
    ----------
    lon, lat : array-like, shape (n,), degrees (WGS84)

    Returns
    -------
    array of int64, shape (n,)

    References
    ----------
    Brodsky (2018), H3: Uber's hexagonal hierarchical spatial index; Sahr, White & Kimerling (2003),
    Cartography and Geographic Information Science 30(2).

    >>> [hex(c) for c in of_points([100.98], [13.36])]
    ['0x88658a201bfffff']
    """
    x = np.ascontiguousarray(lon, np.float64).ravel()
    y = np.ascontiguousarray(lat, np.float64).ravel()
    out: Cells
    if len(x) >= _FEW:
        out = np.empty(len(x), np.int64)
        frame, table = _face()
        _compiled().cells_of(x, y, frame, table, np.array([*geo.LON_RANGE, *geo.LAT_RANGE]), out)
    else:
        out = np.full(len(x), _ASK, np.int64)
    todo = np.flatnonzero(out == _ASK)
    if len(todo):
        import h3.api.basic_int as h3

        out[todo] = [h3.latlng_to_cell(b, a, RESOLUTION) if abs(b) <= 90 and abs(a) <= 180 else _NONE
                     for a, b in zip(x[todo].tolist(), y[todo].tolist(), strict=True)]
    return out


def texts(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Any:
    """The cell of each point as the text that H3 writes (15 hexadecimal digits), in an arrow array with nulls.

    >>> texts([100.98, float("nan")], [13.36, 13.0]).to_pylist()
    ['88658a201bfffff', None]
    """
    import pyarrow as pa

    cells = of_points(lon, lat)
    if len(cells) < _FEW:
        return pa.array([f"{c:x}" if c else None for c in cells.tolist()], pa.string())
    known = cells != _NONE
    ends = np.zeros(len(cells) + 1, np.int32)
    np.cumsum(known * np.int32(_LETTERS), out=ends[1:])
    letters = np.empty(int(ends[-1]), np.uint8)
    _compiled().letters_of(cells, letters)
    absent = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.string(), len(cells), [absent, pa.py_buffer(ends), pa.py_buffer(letters)],
                                 null_count=int((~known).sum()))


@cache
def _face() -> tuple[Floats, Cells]:
    """Thailand's face of the icosahedron, learnt from the h3 library.

    Returns
    -------
    frame : array of float, shape (3, 3)
        Turns a point of the unit sphere into the two coordinates of the lattice of cells times depth, and depth.
    table : array of int64, shape (7, 7, 9)
        For each point of the lattice of the coarsest cells (from -3 to 3 in both directions) the cell's bits
        without digits, then the new digit for each digit; -1 where h3 has to be asked.
    """
    import h3.api.basic_int as h3

    # A face's middle is the centre of a coarsest cell, whose neighbours then lie at equal distances.
    around = h3.grid_disk(h3.latlng_to_cell(13.0, 101.0, 0), 1)
    middle = next(c for c in around if not h3.is_pentagon(c) and _even(h3, c))
    depth = _vector(h3.cell_to_latlng(middle))
    # Two neighbours two levels down lie one seventh of the coarsest lattice's step away, in the same directions.
    steps = []
    for digit in (4, 2):
        step = _vector(h3.cell_to_latlng(_cell(2, _base(middle), (0, digit))))
        steps.append((step / (step @ depth) - depth) / 7.0**((RESOLUTION - 2) // 2))
    frame = np.linalg.inv(np.column_stack([*steps, depth]))
    table = np.full((7, 7, 9), _ASK, np.int64)
    for cell in h3.grid_disk(middle, 1):
        if h3.is_pentagon(cell):
            continue
        # A cell of known digits tells where its coarsest cell lies in the lattice and how its digits are turned.
        known = (0, 4) + (0,) * (RESOLUTION - 2)
        point = _vector(h3.cell_to_latlng(_cell(RESOLUTION, _base(cell), known)))
        a, b, d = frame @ point
        at, digits = _climb(round(a / d), round(b / d))
        turn = {d: d for d in range(7)}
        for _ in range(6):
            if tuple(turn[d] for d in digits) == known:
                break
            turn = {d: _TURNED[turn[d]] for d in range(7)}
        else:
            continue
        empty = _cell(RESOLUTION, _base(cell), (0,) * RESOLUTION)
        table[at[0] + 3, at[1] + 3] = [empty, *(turn[d] for d in range(7)), 0]
    return np.ascontiguousarray(frame), table


def _even(h3: Any, cell: int) -> bool:
    """Whether a coarsest cell is the middle of a face: its six neighbours lie at the same distance."""
    centre = _vector(h3.cell_to_latlng(cell))
    near = sorted(float(centre @ _vector(h3.cell_to_latlng(c))) for c in h3.grid_disk(cell, 1) if c != cell)
    return len(near) == 6 and max(near) - min(near) < 1e-6


def _vector(place: tuple[float, float]) -> Floats:
    vector: Floats = geo.unit_sphere([place[1]], [place[0]])[0]
    return vector


def _base(cell: int) -> int:
    return cell >> _DIGIT_BITS & 127


def _cell(resolution: int, base: int, digits: tuple[int, ...]) -> int:
    """The number of a cell: its kind, resolution, coarsest cell and a digit of three bits for each level."""
    out = 1 << 59 | resolution << 52 | base << _DIGIT_BITS
    for level in range(15):
        out |= (digits[level] if level < len(digits) else 7) << 3 * (14 - level)
    return out


def _climb(a: int, b: int) -> tuple[tuple[int, int], tuple[int, ...]]:
    """From a point of the lattice of cells to that of the coarsest ones, and the digit of each level.

    Seven cells make one of the next level; the lattice turns to one side on odd levels and back on even ones.
    """
    digits = []
    for level in range(RESOLUTION, 0, -1):
        if level % 2:
            up = (round((3 * a - b) / 7), round((a + 2 * b) / 7))
            middle = (2 * up[0] + up[1], 3 * up[1] - up[0])
        else:
            up = (round((2 * a + b) / 7), round((3 * b - a) / 7))
            middle = (3 * up[0] - up[1], up[0] + 2 * up[1])
        digits.append(_DIGIT[a - middle[0] + 1, b - middle[1] + 1])
        a, b = up
    return (a, b), tuple(int(d) for d in reversed(digits))


# The digit of a step in the lattice, from -1 to 1 in both directions.
_DIGIT = np.full((3, 3), 7, np.int64)
for _step, _number in {(0, 0): 0, (-1, -1): 1, (0, 1): 2, (-1, 0): 3, (1, 0): 4, (0, -1): 5, (1, 1): 6}.items():
    _DIGIT[_step[0] + 1, _step[1] + 1] = _number


@cache
def _compiled() -> Any:
    """The compiled code; loaded only where there are many points."""
    from jitasa_analytics import lattice

    return lattice
