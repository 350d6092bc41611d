"""Arrow columns from numpy's arrays; pyarrow's own way would import pandas into every writer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def narrow(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give texts as UTF-8, which has a byte a letter for most, where numpy's own have four.

    Examples
    --------
    >>> narrow(np.array(["BRV", ""])).tolist(), narrow(np.array([1, 2])).tolist()
    ([b'BRV', b''], [1, 2])
    >>> narrow(np.array(["Málaga"])).tolist()[0].decode()
    'Málaga'
    """
    if values.dtype.kind != "U":
        return values
    letters = np.ascontiguousarray(values).view(np.uint32)
    if letters.max(initial=0) > 127:
        return np.strings.encode(values, "utf-8")
    return letters.astype(np.uint8).view(f"S{values.itemsize // 4}")


def table(rows: Mapping[str, npt.NDArray[Any]]) -> pa.Table:
    """Give rows as a table.

    Examples
    --------
    >>> rows = {"lines": np.array([1, 2]), "lost": np.array([True, False]), "flow": np.array(["return", ""])}
    >>> table(rows).to_pylist()
    [{'lines': 1, 'lost': True, 'flow': 'return'}, {'lines': 2, 'lost': False, 'flow': ''}]
    """
    return pa.table({name: _column(narrow(values)) for name, values in rows.items()})


def _column(values: npt.NDArray[Any]) -> pa.Array:
    size = len(values)
    if values.dtype.kind == "S":
        letters = np.ascontiguousarray(values).view(np.uint8).reshape(size, values.itemsize)
        is_letter = letters != 0
        ends = np.zeros(size + 1, dtype=np.int32)
        np.cumsum(is_letter.sum(axis=1), out=ends[1:])
        return pa.StringArray.from_buffers(size, pa.py_buffer(ends), pa.py_buffer(letters[is_letter]))
    if values.dtype.kind == "b":
        bits = np.packbits(values, bitorder="little")
        return pa.Array.from_buffers(pa.bool_(), size, [None, pa.py_buffer(bits)])
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, size, [None, pa.py_buffer(np.ascontiguousarray(values))])
