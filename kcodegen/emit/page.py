"""Module -> text, through the templates, which own the order and the prose of a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2

from kcodegen.diagnostics import Diagnostic, UsageError
from kcodegen.emit.expressions import text
from kcodegen.emit.layout import function_lines
from kcodegen.ir.program import Function, Module, Stub
from kcodegen.records import record
from kcodegen.words import prose

HERE = Path(__file__).resolve()
# Installed beside the package, or at the top of a checkout.
TEMPLATE_DIRS = (HERE.parents[1] / "templates", HERE.parents[2] / "templates")


class Code(str):
    """Text that went through the printers: the only kind a template may print."""

    __slots__ = ()


def _only_code(value: Any) -> Any:
    """Refuse to print whatever did not come from the printers."""
    if isinstance(value, (Code, jinja2.Undefined)):
        return value
    raise TypeError(f"a template printed {type(value).__name__} that no printer made")


@record(frozen=True)
class Page:
    """What templates see: every text is printed code, everything else a flag."""

    summary: Code
    origin: Code
    colon: Code
    command: Code
    imports: tuple[Code, ...]
    helpers: tuple[str, ...]
    stubs: tuple[Code, ...]
    functions: tuple[Code, ...]
    builds: Code
    load_model: Code
    takes: bool
    is_model: bool
    has_config: bool
    compiles: bool
    normalized: bool
    calibrated: bool
    learns_words: bool
    fast_load: bool


def render(
    module: Module,
    target: str,
    *,
    width: int,
    source: str = "",
    command: tuple[str, ...] = (),
    template_dir: Path | None = None,
) -> str:
    """Return the text of a page, ending in one newline.

    `width` is the line length in columns. `source` and `command` are what the header says of
    where the page came from; they are reduced to safe characters.
    """
    page = Page(
        summary=Code(module.summary),
        origin=Code(f" from {prose(source)}" if source else ""),
        colon=Code(":" if command else "."),
        command=Code(" ".join(prose_argument(word) for word in command)),
        imports=tuple(Code(x) for line in module.imports for x in import_lines(line, width)),
        helpers=tuple(f"helpers/{name}.py.j2" for name in module.helpers),
        stubs=tuple(_stub(stub, width) for stub in module.stubs),
        functions=tuple(_function(function, width) for function in module.functions),
        builds=Code(module.builds),
        load_model=_function(module.loader, width) if module.loader is not None else Code(),
        takes=bool(module.takes),
        is_model=module.is_model,
        has_config=module.has_config,
        compiles=module.compiles,
        normalized=module.normalized,
        calibrated=module.calibrated,
        learns_words=module.learns_words,
        fast_load=module.fast_load,
    )
    environment = _environment(target, template_dir)
    try:
        text = environment.get_template("module.py.j2").render(page=page)
    except (jinja2.TemplateError, TypeError) as error:
        if template_dir is None:
            raise
        raise _template_error(error) from error
    return text.rstrip("\n") + "\n"


def _function(function: Function, width: int) -> Code:
    return Code("\n".join(function_lines(function, width)))


def _stub(stub: Stub, width: int) -> Code:
    """Return a skeleton: a decorated function, or a class with its methods."""
    lines = [f"@{text(stub.decorator)}"] if stub.decorator is not None else []
    if not stub.base:
        return Code("\n".join([*lines, *function_lines(stub.methods[0], width)]))
    lines += [f"class {stub.name}({stub.base}):", f'    """{stub.doc}"""']
    for method in stub.methods:
        body = function_lines(method, width - 4)
        lines += ["", *(f"    {line}" if line else "" for line in body)]
    return Code("\n".join(lines))


def import_lines(line: str, width: int) -> list[str]:
    """Return an import as Black writes it: one name per line when it does not fit."""
    head, found, names = line.partition(" import ")
    if len(line) <= width or not found:
        return [line]
    margin = " " * (len(line) - len(line.lstrip()))
    items = (f"{margin}    {name}," for name in names.split(", "))
    return [f"{head} import (", *items, f"{margin})"]


def prose_argument(word: str) -> str:
    """Return a word of a command line fit for a docstring, quoted where a shell needs it."""
    safe = re.sub(r"[^A-Za-z0-9_.,:=>/\-]", "?", word)
    return f"'{safe}'" if ">" in safe else safe


def _environment(target: str, template_dir: Path | None) -> jinja2.Environment:
    shared = (target,) if target == "keras3" else (target, "keras3")
    folders = [directory / name for name in shared for directory in TEMPLATE_DIRS]
    if template_dir is not None:
        folders.insert(0, template_dir)
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        finalize=_only_code,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def _template_error(error: Exception) -> UsageError:
    message = f"the templates of --template-dir fail: {error}"
    return UsageError(Diagnostic("template", message.replace("\n", " ")))
