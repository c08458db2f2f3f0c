"""Small rules about words: identifiers, snake case, safe prose and near misses."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Sequence
from functools import cache

RESERVED = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | frozenset(dir(builtins))
# What the templates' own prose defines besides a page's functions.
FIXED = frozenset(
    """load_weights load_model check_headers read_headers read_header read_weight number_type
    finalize_normalization mark_calibrated load_while_building begin_reading read_piece own_memory
    as_tensor build_for_loading variables_of""".split()
)
# What every page may import or define by itself.
PAGE_NAMES = FIXED | frozenset(
    """keras layers ops np Path ThreadPoolExecutor argparse mmap parser main directory model
    build_model compile_model constraints dtype_policies initializers losses metrics optimizers
    quantizers random regularizers activations annotations saving old_hard_sigmoid""".split()
)


@cache
def snake_case(name: str) -> str:
    """Return `name` as Keras spells automatic names: `Conv2DTranspose -> conv2d_transpose`.

    Source: `keras.src.utils.naming.to_snake_case`.
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def identifier(text: str, fallback: str = "value") -> str:
    """Return an ASCII identifier close to `text`: `block-2/conv -> block_2_conv`."""
    word = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_").lower()
    if not word:
        word = fallback
    if word[0].isdigit():
        word = f"{fallback}_{word}"
    if word in RESERVED:
        word += "_"
    return word


def is_identifier(text: str) -> bool:
    """Tell whether `text` can be a plain ASCII Python name."""
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)


def prose(text: str) -> str:
    """Return `text` fit for a comment, a docstring or a terminal: only `[A-Za-z0-9_.-]`.

    Everything else becomes `?`, and what is longer than 80 characters is cut.
    """
    clean = re.sub(r"[^A-Za-z0-9_.\-]", "?", text)
    return clean if len(clean) <= 80 else clean[:77] + "..."


def listed(texts: Sequence[str], most: int) -> str:
    """Return the first texts, and how many there are besides: `a, b and 3 more`."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?`, or nothing when no choice is near."""
    import difflib  # only errors need it

    near = difflib.get_close_matches(word[:80], list(choices), n=1)
    return f"did you mean {near[0]!r}?" if near else ""
