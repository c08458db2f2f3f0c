"""What blocks are called, from what they do: `residual_block`, `squeeze_excite`, `conv_bn_relu`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kcodegen.ir.formulas import Affine
from kcodegen.ir.values import Hole
from kcodegen.structure.align import names_of
from kcodegen.structure.draft import Draft, DraftBlock, Node, deep
from kcodegen.words import snake_case

_SHORT = {
    "Conv1D": "conv", "Conv2D": "conv", "Conv3D": "conv", "Conv2DTranspose": "deconv",
    "Conv1DTranspose": "deconv", "SeparableConv2D": "sepconv", "SeparableConv1D": "sepconv",
    "DepthwiseConv2D": "depthwise", "BatchNormalization": "bn", "LayerNormalization": "norm",
    "GroupNormalization": "norm", "Activation": "act", "LeakyReLU": "leaky_relu",
    "ReLU": "relu", "PReLU": "prelu",
    "MaxPooling2D": "pool", "AveragePooling2D": "pool", "MaxPooling1D": "pool",
    "GlobalAveragePooling2D": "pool", "ZeroPadding2D": "pad", "UpSampling2D": "upsample",
    "Concatenate": "concat", "MultiHeadAttention": "attention", "Bidirectional": "bidirectional",
}  # fmt: skip
_ADDING = ("Add", "CustomScaleLayer", "add", "subtract", "Subtract", "Average")
_UPS = ("Conv2DTranspose", "UpSampling2D", "Conv1DTranspose", "UpSampling1D", "resize")
_VAGUE = frozenset({"block", "conv", "stage", "layer", "mixed"})
_SAYING_LITTLE = frozenset({"merge_block", "branch_block"})
_HARD_SWISH = ["add", "ReLU", "multiply", "Multiply"]
_LONGEST, _WORDY = 28, 24
_HEAVY = ("Conv1D", "Conv2D", "Conv3D", "Dense", "Transpose", "LSTM", "GRU", "Attention")


def leaves(draft: Draft, block: DraftBlock, depth: int = 0) -> Iterator[Node]:
    """Yield the layers and ops of a block, those of the blocks it uses included."""
    for node in deep(block.chain.nodes):
        if node.kind == "use" and depth < 8:
            yield from leaves(draft, draft.blocks[node.head[1]], depth + 1)
        elif node.kind not in ("use", "repeat", "when"):
            yield node


def class_of(node: Node) -> str:
    """Return the class of a layer, or the name of an op."""
    if node.kind in ("layer", "op", "make layer"):
        return str(node.head[1]).rpartition(".")[2]
    return "Sequential" if node.kind == "chain" else "layer"


def title(draft: Draft, block: DraftBlock, known: dict[str, str]) -> Iterator[str]:
    """Yield names for a block, the best first; `known` are those of the blocks it uses."""
    every = list(leaves(draft, block))
    has = Counter(class_of(node) for node in every)
    if _is_cell(block):
        yield from (f"{word}_cell" for word in _words(block)[:2])
    base = _by_role(block, every, has) or _by_parts(block, known)
    if base in _SAYING_LITTLE or len(base) > _WORDY:
        yield from _by_word(block, known)
    yield base
    adds = any(class_of(node) in _ADDING for node in deep(block.chain.nodes))
    if adds and "residual" not in base:
        yield f"residual_{base}"
    parts = _by_parts(block, known)
    if parts != base:
        yield parts
    if any(slot.hint == "name" for slot in block.slots):
        yield f"named_{base}"
    for word in _words(block)[:3]:
        if word not in base:
            yield f"{word}_{base}"
    for word in ("wide", "deep", "outer", "inner", "other", "further", "another", "last"):
        yield f"{word}_{base}"


def _by_role(block: DraftBlock, every: list[Node], has: Counter[str]) -> str | None:
    """Return the name of what a block is known as, None for a few layers in a row."""
    top = list(deep(block.chain.nodes))
    if [class_of(node) for node in top] == _HARD_SWISH:
        return "hard_swish"
    if _is_stage(block):
        return "stage"
    adds = [n for n in top if class_of(n) in _ADDING]
    if has["MultiHeadAttention"]:
        return "transformer_block" if has["Dense"] or len(adds) > 1 else "attention_block"
    if (
        has["Multiply"] + has["multiply"]
        and _pools(has)
        and not has["DepthwiseConv2D"]
        and len(every) <= 10
    ):
        return "squeeze_excite"
    if has["DepthwiseConv2D"] and has["Conv2D"]:
        if has["Multiply"]:
            return "mbconv"
        if adds:
            return "inverted_residual"
        return "inverted_bottleneck" if has["Conv2D"] > 1 else "separable_conv"
    if adds and {"expand", "project"} <= set(_words(block)):
        return "fused_mbconv"
    if adds and len(every) > 1:
        return _residual(block, adds, has)
    if has["Concatenate"]:
        return _joining(block, top, has)
    is_pooled = class_of(every[-1]) == "AveragePooling2D"
    if is_pooled and has["Conv2D"] == 1 and has["BatchNormalization"]:
        return "transition_block"
    if len(every) > 4:
        return _plain(has)
    return None


def _is_cell(block: DraftBlock) -> bool:
    """Tell whether a block adds up several pairs of branches and joins them all."""
    adds = sum(class_of(node) in _ADDING for node in block.chain.nodes)
    last = block.chain.nodes[-1]
    return adds > 3 and class_of(last) == "Concatenate" and len(last.operands) > 3


def _is_stage(block: DraftBlock) -> bool:
    """Tell whether a block ends in a loop over another, or in one of variable length."""
    last = block.chain.nodes[-1]
    if last.kind != "repeat":
        return False
    inside = last.chains[0].nodes
    is_open = isinstance(last.slots["count"], (Hole, Affine))
    return is_open or (len(inside) == 1 and inside[0].kind == "use" and len(block.chain.nodes) > 1)


def _pools(has: Counter[str]) -> int:
    return sum(count for name, count in has.items() if name.startswith("Global") or name == "mean")


def _residual(block: DraftBlock, adds: list[Node], has: Counter[str]) -> str:
    if has["UpSampling2D"] and any("Pooling" in name for name in has):
        return "hourglass_block"
    if has["Concatenate"]:
        return "cell" if len(adds) > 2 else "inception_residual_block"
    is_heavy = any(name.endswith(_HEAVY) for name in has)
    return "residual_block" if is_heavy and len(block.chain.takes) <= 2 else "merge_block"


def _joining(block: DraftBlock, top: list[Node], has: Counter[str]) -> str | None:
    joins = [node for node in top if class_of(node) == "Concatenate"]
    if len(block.chain.takes) >= 2 and any(has[name] for name in _UPS):
        return "up_block"
    if joins and len(joins[-1].operands) >= 3:
        return "inception_block"
    if joins and set(joins[-1].operands) & set(block.chain.takes) and len(block.chain.takes) == 1:
        return "dense_block"
    if len(block.chain.takes) >= 2:
        return "merge_block"
    return None if sum(has.values()) <= 4 else "branch_block"


def _plain(has: Counter[str]) -> str | None:
    pools = sum(count for name, count in has.items() if "Pooling" in name and "Global" not in name)
    if any(has[name] for name in _UPS):
        return "up_block"
    if pools == 1 and any("Conv" in name for name in has):
        return "down_block"
    if has["SeparableConv2D"]:
        return "separable_conv_block"
    for name in ("Conv2D", "Conv1D", "Conv3D", "LSTM", "GRU", "Dense"):
        if has[name]:
            return f"{_SHORT.get(name, snake_case(name))}_block"
    return None


def _by_word(block: DraftBlock, known: dict[str, str]) -> Iterator[str]:
    """Yield the word that most names in a block have, before the cell that it ends in."""
    last = block.chain.nodes[-1]
    ending = known.get(last.head[1], "") if last.kind == "use" else "block"
    count = sum(bool(names_of(node)) for node in block.chain.nodes)
    for word in _words(block, count // 2 + 1):
        if ending.endswith(("cell", "block")) and word[:4] not in ending:
            yield f"{word}_{ending}"


def _by_parts(block: DraftBlock, known: dict[str, str]) -> str:
    """Return the names of the parts in a row: `conv_bn_relu`."""
    words: list[str] = []
    for node in deep(block.chain.nodes):
        if node.kind == "use":
            words.append(known.get(node.head[1], "block"))
        elif node.kind not in ("repeat", "when"):
            words.append(_short(node))
    found = [w for place, w in enumerate(words) if place == 0 or w != words[place - 1]]
    text = "_".join(found)
    if len(text) > _LONGEST:
        text = (
            f"{found[0]}_block" if not found[0].endswith("block") else f"{found[0]}_and_{found[-1]}"
        )
    return text


def _short(node: Node) -> str:
    name = class_of(node)
    value = node.slots.get("activation")
    if name == "Activation" and isinstance(value, str):
        return value
    return _SHORT.get(name, snake_case(name))


def _words(block: DraftBlock, least: int = 1) -> list[str]:
    """Return the words in the names of a block's layers, the most frequent first."""
    counts = Counter(
        part
        for node in deep(block.chain.nodes)
        for part in {part for name in names_of(node) for part in name}
        if isinstance(part, str) and len(part) > 3 and part.isalpha() and part not in _VAGUE
    )
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [word.lower() for word, count in ranked if count >= least]
