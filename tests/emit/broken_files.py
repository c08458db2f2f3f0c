"""Files in the place of weights that no loader takes."""

from __future__ import annotations

import io
import pickle

import numpy as np


def _pickled() -> bytes:
    memory = io.BytesIO()
    np.save(memory, np.array([{}], dtype=object), allow_pickle=True)
    return memory.getvalue()


def _zipped() -> bytes:
    memory = io.BytesIO()
    np.savez(memory, a=np.zeros(1))
    return memory.getvalue()


def npy_file(header: str, size: int = 4) -> bytes:
    """Return a file with that header, and so many zero bytes of numbers."""
    text = f"{header}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(size)


BROKEN = {
    "empty": b"",
    "no npy": b"weights",
    "pickle": pickle.dumps([1.0]),
    "pickled npy": _pickled(),
    "npz": _zipped(),
    "no header": npy_file("")[:8],
    "cut header": npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,"),
    "cut": npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 3),
    "negative": npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"),
    "twice negative": npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -1)}"),
    "huge": npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999,)}"),
    "no type": npy_file("{'descr': '<f1', 'fortran_order': False, 'shape': (1,)}"),
    "nested": npy_file("(" * 4000),
}
