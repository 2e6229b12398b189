"""Memory for large arrays that are filled once.

NumPy asks the system for huge pages for them. To find those while all memory is in use takes longer than all that small
ones cost.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def room(shape: int | tuple[int, ...], kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array of this shape and type, whatever stands in it."""
    count = math.prod(shape) if isinstance(shape, tuple) else shape
    return np.frombuffer(pa.allocate_buffer(count * np.dtype(kind).itemsize), kind).reshape(shape)
