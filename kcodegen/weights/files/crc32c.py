"""The sum that TensorFlow keeps of what it writes: CRC-32C.

crc32c(b"123456789")   ->   0xE3069283

Needs google-crc32c, the extra `kcodegen[checkpoint]`.
"""

from __future__ import annotations

from kcodegen.diagnostics import rejected

_ALL = 0xFFFFFFFF
# What LevelDB adds to a sum that stands among the bytes that it sums up.
_MASK = 0xA282EAD8


def unmasked(stated: int) -> int:
    """Return a sum as it was before it was written."""
    rotated = (stated - _MASK) & _ALL
    return ((rotated >> 17) | (rotated << 15)) & _ALL


def crc32c(data: bytes, before: int = 0) -> int:
    """Return the sum of some bytes, or of all bytes so far when the sum `before` them is given.

    Raises CompileError where google-crc32c is not installed.
    """
    try:
        from google_crc32c import extend  # only checkpoints need it
    except ImportError:
        message = "this is a checkpoint of TensorFlow, and google-crc32c, which checks its sums, "
        message += "is not installed"
        hint = "pip install 'kcodegen[checkpoint]'"
        raise rejected("needs-google-crc32c", message, hint=hint) from None
    return int(extend(before, data))
