"""Sorted tables of keys and values, as LevelDB writes them, and TensorFlow an index of tensors.

blocks   entries: how much of the key before is kept, the rest of the key, the value
footer   where the index of the blocks is, and a magic number

Source: https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kcodegen.diagnostics import CompileError, rejected
from kcodegen.protobuf import MalformedError, varint
from kcodegen.weights.files.crc32c import crc32c, unmasked
from kcodegen.words import prose

# Graphs of objects don't lie here: an index has a hundred bytes for each variable.
MAX_BYTES = 256 * 2**20
MAX_ENTRIES = 1_000_000
MAX_KEY = 4096

_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER, _TRAILER = 48, 5
_PLAIN, _SNAPPY = 0, 1


def is_table(path: Path) -> bool:
    """Tell whether a file ends as a table does."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - len(_MAGIC)))
        return size >= _FOOTER and file.read() == _MAGIC


def entries(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values of a table, the keys in order.

    Raises CompileError for what is broken, compressed, or larger than any index.
    """
    with path.open("rb") as file:
        table = file.read(MAX_BYTES + 1)
    if len(table) > MAX_BYTES:
        raise _malformed(path, f"it has more than {MAX_BYTES} bytes")
    try:
        yield from _entries(path, table)
    except MalformedError:
        raise _malformed(path, "it is damaged") from None


def _entries(path: Path, table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the entries of the blocks, in the order of the index; keys must ascend."""
    if len(table) < _FOOTER or not table.endswith(_MAGIC):
        raise MalformedError
    footer = table[-_FOOTER:]
    _, _, at = _handle(footer, 0)
    start, size, _ = _handle(footer, at)
    last, count = b"", 0
    for _, value in _in_block(_block(path, table, start, size)):
        start, size, _ = _handle(value, 0)
        for key, found in _in_block(_block(path, table, start, size)):
            count += 1
            # Blocks that are named twice, or keys that are, don't ascend.
            if (key <= last and count > 1) or count > MAX_ENTRIES:
                raise MalformedError
            last = key
            yield key, found


def _handle(data: bytes, at: int) -> tuple[int, int, int]:
    """Return where a block begins, its size, and the place behind both numbers."""
    start, at = varint(data, at)
    size, at = varint(data, at)
    return start, size, at


def _block(path: Path, table: bytes, start: int, size: int) -> bytes:
    """Return a block, whose sum is compared."""
    if start + size + _TRAILER > len(table):
        raise MalformedError
    block = table[start : start + size + 1]
    if block[size] == _SNAPPY:
        raise _malformed(path, "it is compressed with Snappy, which TensorFlow doesn't do")
    stated = int.from_bytes(table[start + size + 1 : start + size + _TRAILER], "little")
    if block[size] != _PLAIN or unmasked(stated) != crc32c(block):
        raise MalformedError
    return block[:size]


def _in_block(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the entries of a block; the restart points behind them are of no use here."""
    restarts = 4 * (int.from_bytes(block[-4:], "little") + 1)
    end, at, key = len(block) - restarts, 0, b""
    if end < 0:
        raise MalformedError
    while at < end:
        kept, at = varint(block, at)
        rest, at = varint(block, at)
        size, at = varint(block, at)
        if kept > len(key) or kept + rest > MAX_KEY or at + rest + size > end:
            raise MalformedError
        key = key[:kept] + block[at : at + rest]
        at += rest
        yield key, block[at : at + size]
        at += size


def _malformed(path: Path, why: str) -> CompileError:
    message = f"{prose(path.name)} is no index of a checkpoint that can be read: {why}"
    return rejected("bad-checkpoint", message, hint="copy the checkpoint again")
