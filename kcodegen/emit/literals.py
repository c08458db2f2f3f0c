"""The only door for literals: scalars as a person would type them and Black would leave them.

Text is plain ASCII whatever it holds, so that no reader is fooled by a control or bidi
character and no page depends on an encoding.
"""

from __future__ import annotations

import math
import re

from kcodegen.ir.values import Scalar


def literal(value: Scalar) -> str:
    """Return the source text of a scalar: `"relu"`, `0.5`, `1e-7`, `None`, `...`.

    Raises ValueError for infinities and NaN, which have no literal.
    """
    if isinstance(value, str):
        return quoted(escaped(value))
    if isinstance(value, bytes):
        return "b" + quoted(escaped(value.decode("latin-1")))
    if isinstance(value, float):
        return float_literal(value)
    return "..." if value is ... else repr(value)


def float_literal(value: float) -> str:
    """Return the shortest text that reads back as `value`: `1e-07 -> 1e-7`, `1e+16 -> 1e16`."""
    if not math.isfinite(value):
        raise ValueError(f"{value} has no literal")
    mantissa, mark, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else mantissa


def escaped(text: str) -> str:
    """Return `text` in ASCII with lower-case escapes: `a\\n` for a line break, quotes untouched."""
    return text.encode("unicode_escape").decode("ascii")


def quoted(body: str) -> str:
    """Return an escaped body in double quotes, or in single ones if that saves a backslash."""
    quote = preferred_quote(body)
    return quote + body.replace(quote, "\\" + quote) + quote


def preferred_quote(body: str) -> str:
    """Return the quote that needs fewer escapes around `body`; the double one wins a tie."""
    return "'" if body.count('"') > body.count("'") else '"'


def fstring(parts: tuple[tuple[str, bool], ...]) -> str:
    """Return an f-string of `(text, is_code)` parts that is valid from Python 3.10 on.

    Before 3.12 the code between braces can hold neither a backslash nor the quote of the
    f-string. Raises ValueError for code that cannot be written under these rules.
    """
    texts = [escaped(text).translate(_BRACES) for text, is_code in parts if not is_code]
    quote = preferred_quote("".join(texts))
    other = '"' if quote == "'" else "'"
    body = "".join(
        _field(text, quote, other)
        if is_code
        else escaped(text).translate(_BRACES).replace(quote, "\\" + quote)
        for text, is_code in parts
    )
    return f"f{quote}{body}{quote}"


_BRACES = str.maketrans({"{": "{{", "}": "}}"})


def _field(code: str, quote: str, other: str) -> str:
    """Return `{code}` with its own strings in the quote that the f-string leaves free."""
    if "\\" in code or ('"' in code and "'" in code):
        raise ValueError(f"{code} cannot be written inside an f-string")
    code = code.replace(quote, other)
    # A brace of the code next to a brace of the field would read as an escaped brace.
    padding = " " if code.startswith("{") or code.endswith("}") else ""
    return f"{{{padding}{code}{padding}}}"


def comment(text: str) -> str:
    """Return `# text` on one line, in ASCII."""
    return f"# {escaped(text.strip())}" if text.strip() else "#"


def docstring(text: str, indent: str) -> list[str]:
    """Return the lines of a docstring; those after the first keep their relative indentation."""
    lines = [escaped(line.rstrip()) for line in text.expandtabs(4).strip().splitlines()]
    lines = [_ADJACENT_QUOTES.sub(r'\\"', line) for line in lines]
    if not lines:
        return []
    if len(lines) == 1:
        # Black parts a closing quote of the text from the closing quotes of the docstring.
        padding = " " if lines[0].endswith('"') else ""
        return [f'{indent}"""{lines[0]}{padding}"""']
    margin = min(len(line) - len(line.lstrip()) for line in lines[1:] if line)
    rest = [indent + line[margin:] if line else "" for line in lines[1:]]
    return [f'{indent}"""{lines[0]}', *rest, f'{indent}"""']


# A quote at the start of the text or beside another one would be taken for the docstring's own.
_ADJACENT_QUOTES = re.compile(r'^"|"(?=")|(?<=")"')
