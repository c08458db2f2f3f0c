"""What a project says once for all its files: `[tool.kcodegen.custom]` in its pyproject.toml.

[tool.kcodegen.custom]
"Acme>Scale" = "acme.layers:Scale"
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from kcodegen.diagnostics import Diagnostic, UsageError

NAME = "pyproject.toml"
_SECTION = "[tool.kcodegen"


def custom_pairs(start: Path) -> tuple[tuple[str, str], ...]:
    """Return the names that the project around a folder maps, each with its place.

    Raises UsageError for a file that can't be read, or that maps a name to anything but a text.
    """
    path = find(start)
    if path is None:
        return ()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _usage(path, f"can't be read: {error}") from None
    if _SECTION not in text:
        return ()
    tool = _parsed(path, text).get("tool", {})
    section = tool.get("kcodegen", {}) if isinstance(tool, dict) else {}
    unknown = sorted(section.keys() - {"custom"}) if isinstance(section, dict) else ["tool"]
    if unknown:
        raise _usage(path, f"[tool.kcodegen] has no {unknown[0]!r}: it holds 'custom' alone")
    pairs = section.get("custom", {})
    if not isinstance(pairs, dict) or not all(isinstance(v, str) for v in pairs.values()):
        raise _usage(
            path, '[tool.kcodegen.custom] maps names to texts: Scale = "shop.layers:Scale"'
        )
    return tuple(pairs.items())


def find(start: Path) -> Path | None:
    """Return the project file in a folder, or in the nearest one above that has any."""
    for folder in (start, *start.parents):
        if (folder / NAME).is_file():
            return folder / NAME
    return None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    """Return the parsed file; Python 3.10 needs a package for that."""
    if sys.version_info >= (3, 11):
        import tomllib as toml  # few projects have the section
    else:
        try:
            import tomli as toml
        except ImportError:
            hint = "python -m pip install tomli, or use Python 3.11"
            raise _usage(
                path, "Python 3.10 can't read it without the package tomli", hint
            ) from None
    try:
        return toml.loads(text)
    except toml.TOMLDecodeError as error:
        raise _usage(path, f"is no TOML: {error}") from None


def _usage(path: Path, what: str, hint: str = "") -> UsageError:
    return UsageError(Diagnostic("", f"{path}: {what}", hint=hint))
