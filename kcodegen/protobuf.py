"""Protocol buffers from strangers: the fields of a message, without its definition.

08 96 01   ->   (1, 150)

A number is given as it is, a text or a message as its bytes; what they mean is known to the caller.
Source: https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

# Field number, and a number or bytes.
Field: TypeAlias = "tuple[int, int | bytes]"

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_SHIFT = 63


class MalformedError(Exception):
    """The bytes are no message, or not of the kind that was expected."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at a place, 64 bits at most, and the place behind it."""
    number = shift = 0
    while shift <= _MAX_SHIFT:
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number & (2**64 - 1), at
        shift += 7
    raise MalformedError


def fields(message: bytes) -> Iterator[Field]:
    """Yield the fields of a message in their order; MalformedError where it is none."""
    at, end = 0, len(message)
    while at < end:
        tag, at = varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            number, at = varint(message, at)
            yield tag >> 3, number
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(kind)
        if kind == _BYTES:
            size, at = varint(message, at)
        if size is None or size > end - at:
            raise MalformedError
        found = message[at : at + size]
        at += size
        yield tag >> 3, found if kind == _BYTES else int.from_bytes(found, "little")


def number(value: int | bytes) -> int:
    """Return a field that is a number with a sign, as `int64` writes it."""
    if isinstance(value, bytes):
        raise MalformedError
    return value - 2**64 if value >= 2**63 else value


def content(value: int | bytes) -> bytes:
    """Return a field that is a text or a message."""
    if not isinstance(value, bytes):
        raise MalformedError
    return value
