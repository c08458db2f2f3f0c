"""Hugging: `x ** 2 -> x**2` where both operands are simple, as Black decides it line by line."""

from __future__ import annotations

from kcodegen.emit.lines import Leaf, Line


def hug_power_operators(line: Line) -> Line:
    """Return `line` without spaces around its simple powers; the same line if it has none."""
    leaves = line.leaves
    close: set[int] = set()
    for index in range(1, len(leaves) - 1):
        if leaves[index].text == "**" and leaves[index].space and _is_simple(leaves, index):
            close |= {index, index + 1}
    if not close:
        return line
    hugged = line.copy()
    for index in close:
        hugged.leaves[index].space = ""
    hugged.text = str(hugged)
    return hugged


def _is_simple(leaves: list[Leaf], index: int) -> bool:
    """Tell whether the operands of the `**` at `index` are numbers, names or paths of names."""
    base = leaves[index - 1]
    if base.kind == "name":
        # Black looks two leaves back: `f(x).y` is no path, `f(x).y.z` passes for one.
        is_path_of_brackets = (
            index > 2
            and leaves[index - 2].kind == "dot"
            and leaves[index - 3].kind == "close"
            and leaves[index - 3].text != "}"
        )
        return not is_path_of_brackets and _is_simple_exponent(leaves, index + 1)
    return base.kind == "number" and _is_simple_exponent(leaves, index + 1)


def _is_simple_exponent(leaves: list[Leaf], index: int) -> bool:
    if leaves[index].kind == "sign":
        index += 1
    if leaves[index].kind == "number":
        return True
    if leaves[index].kind != "name":
        return False
    for leaf in leaves[index:]:
        if leaf.kind == "open" and leaf.text != "{":
            return False
        if leaf.kind not in ("name", "dot"):
            return True
    return True
