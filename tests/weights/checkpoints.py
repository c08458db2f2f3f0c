"""Checkpoints of TensorFlow, written by hand: as they are, or as nobody should write them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from kcodegen.weights.files.crc32c import crc32c

MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")


def varint(number: int) -> bytes:
    """Return a number, 64 bits at most, in as few bytes as it needs."""
    number &= 2**64 - 1
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def message(*fields: tuple[int, int | bytes]) -> bytes:
    """Return a message of some fields: numbers, or texts and messages as bytes."""
    return b"".join(
        varint(place << 3) + varint(value)
        if isinstance(value, int)
        else varint(place << 3 | 2) + varint(len(value)) + value
        for place, value in fields
    )


def masked(total: int) -> int:
    """Return a sum as LevelDB writes it."""
    return ((total >> 15 | total << 17) + 0xA282EAD8) & 0xFFFFFFFF


def entry(
    shape: tuple[int, ...], start: int, data: bytes, *more: tuple[int, int | bytes], dtype: int = 1
) -> bytes:
    """Return what an index says of a tensor."""
    return summed(shape, start, len(data), crc32c(data), *more, dtype=dtype)


def summed(
    shape: tuple[int, ...],
    start: int,
    size: int,
    total: int,
    *more: tuple[int, int | bytes],
    dtype: int = 1,
) -> bytes:
    """Return the same of bytes that are not at hand, by their number and sum."""
    sizes = message(*((2, message((1, length))) for length in shape))
    last = varint(6 << 3 | 5) + masked(total).to_bytes(4, "little")
    return message((1, dtype), (2, sizes), (4, start), (5, size), *more) + last


def block(rows: list[tuple[bytes, bytes]], kind: int = 0) -> bytes:
    """Return a block of a table, its keys written in full, and its sum."""
    body = b"".join(b"\0" + varint(len(k)) + varint(len(v)) + k + v for k, v in rows)
    body += (0).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes([kind])
    return body + masked(crc32c(body)).to_bytes(4, "little")


def table(*blocks: bytes) -> bytes:
    """Return a table of some blocks, in that order."""
    data, handles = b"", []
    for one in blocks:
        handles.append(varint(len(data)) + varint(len(one) - 5))
        data += one
    index = block([(b"%06d" % number, handle) for number, handle in enumerate(handles)])
    footer = varint(0) + varint(0) + varint(len(data)) + varint(len(index) - 5)
    return data + index + footer.ljust(40, b"\0") + MAGIC


HEADER = message((1, 1), (3, message((1, 1))))


def write(
    folder: Path, rows: list[tuple[bytes, bytes]], shard: bytes, header: bytes = HEADER
) -> Path:
    """Write a checkpoint of one shard and return its index."""
    path = folder / "w.index"
    path.write_bytes(table(block([(b"", header), *rows])))
    (folder / "w.data-00000-of-00001").write_bytes(shard)
    return path


# A key, its bytes, the number of its type, and its shape.
Tensor: TypeAlias = "tuple[bytes, bytes, int, tuple[int, ...]]"


def of_objects(folder: Path, *nodes: bytes, more: Sequence[Tensor] = ()) -> Path:
    """Write a checkpoint that holds a graph of objects and some tensors, and return its index."""
    text = message(*((1, node) for node in nodes))
    lengths = crc32c(len(text).to_bytes(4, "little"))
    stated = masked(lengths).to_bytes(4, "little")
    shard = varint(len(text)) + stated + text
    # The sum is one of the length as a number of four bytes, not as it is written.
    total = masked(crc32c(stated + text, lengths)).to_bytes(4, "little")
    rows = [(b"_CHECKPOINTABLE_OBJECT_GRAPH", entry((), 0, shard, dtype=7)[:-4] + total)]
    for key, data, dtype, shape in more:
        rows.append((key, entry(shape, len(shard), data, dtype=dtype)))
        shard += data
    return write(folder, rows, shard)
