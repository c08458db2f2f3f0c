"""Graph -> Outline: blocks, loops, and their exact inverse."""

from kcodegen.structure.expand import expand
from kcodegen.structure.flat import flat_outline

__all__ = ["expand", "flat_outline"]
