"""Graph -> Outline: blocks, loops, and their exact inverse."""

from kcodegen.structure.expand import expand
from kcodegen.structure.explain import explain
from kcodegen.structure.flat import flat_outline
from kcodegen.structure.recover import recover

__all__ = ["expand", "explain", "flat_outline", "recover"]
