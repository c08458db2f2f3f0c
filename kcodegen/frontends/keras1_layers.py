"""The arguments of one layer of Keras 1 in the words of Keras 2, and what there is to say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import field

from kcodegen.diagnostics import Diagnostic
from kcodegen.frontends import changes
from kcodegen.frontends.keras1_notes import HINTS, notes
from kcodegen.frontends.keras1_values import size_of_transposed, value_of
from kcodegen.frontends.problems import Problems
from kcodegen.ir.document import Json, Node
from kcodegen.records import record
from kcodegen.registry.keras1 import ARGUMENTS, CLASSES, DROPPED, FORMATS, MODES, OldClass
from kcodegen.words import listed, prose

_SHOWN = 3
_PLAIN = OldClass("")


@record(frozen=True)
class Old:
    """A file of Keras 1: its version, its one `dim_ordering` if it has one, what was noticed.

    `names` counts the names that were made up, as Keras 3 does.
    """

    problems: Problems
    version: tuple[int, int]
    format: str | None
    noticed: dict[tuple[str, str], list[Node]] = field(default_factory=dict)

    names: Counter[str] = field(default_factory=Counter)

    def name(self, prefix: str) -> str:
        """Return a name for what the file has none for: `sequential`, `sequential_1`, ..."""
        self.names[prefix] += 1
        count = self.names[prefix]
        return prefix if count == 1 else f"{prefix}_{count - 1}"

    def notice(self, node: Node, code: str, message: str) -> None:
        """Keep in mind that something is to be said of a layer, whose name goes in at `{}`."""
        self.noticed.setdefault((code, message), []).append(node)

    def warnings(self) -> Iterator[Diagnostic]:
        """Yield one warning for each thing noticed, with the layers that it is about."""
        for (code, message), nodes in self.noticed.items():
            names = list(dict.fromkeys(_name(node) for node in nodes))
            text = message.format(listed(names, _SHOWN))
            origin = nodes[0].named(names[0]).origin
            yield Diagnostic(code, text, origin, HINTS.get(message, ""), "warning")


def _name(node: Node) -> str:
    """Return what a layer is called in messages."""
    name = node.field("config").mapping().get("name")
    return prose(name) if isinstance(name, str) and name else "a layer without a name"


def class_of(node: Node) -> str:
    """Return the class of a layer; the modes of a BatchNormalization are layers of their own."""
    name = node.field("class_name").text()
    mode = node.field("config").mapping().get("mode")
    if name == "BatchNormalization" and type(mode) is int and mode in MODES:
        return MODES[mode]
    return name


def read_arguments(node: Node, old: Old) -> dict[str, Json]:
    """Return the arguments of a layer by their new names."""
    name, config = class_of(node), node.field("config")
    row = CLASSES.get(name, _PLAIN)
    for code, message in notes(name, row, config, old.version, old.format):
        old.notice(node, code, message)
    fields: dict[str, Json] = {}
    was: dict[str, str] = {}
    if row.name not in ("", name):
        changes.renamed_class(node, name, row.name, old.problems)
    for key, child in config.fields():
        value = value_of(child, key, name, row, old.version)
        names = _new_names(key, name, row)
        _note(child, key, names, row, old)
        for new in names:
            fields[new], was[new] = value, key
    _add_sizes(config, row, fields, was)
    if name == "Deconvolution2D":
        size_of_transposed(config, fields)
    if row.silent_format and "data_format" not in fields and old.format is not None:
        fields["data_format"] = FORMATS[old.format]
    return config.placed(fields, was)


def _note(child: Node, key: str, names: tuple[str, ...], row: OldClass, old: Old) -> None:
    """Note what became of an argument."""
    if key in row.sizes:
        names = ("kernel_size",)
    if not names and (key.startswith("input_") and key != "input_length"):
        changes.moved_argument(child, key, old.problems)
    elif not names:
        changes.unused_argument(child, key, old.problems)
    elif names != (key,):
        changes.renamed_argument(child, key, " and ".join(names), old.problems)


def _new_names(key: str, name: str, row: OldClass) -> tuple[str, ...]:
    """Return what an argument is called now, nothing where it says nothing any more."""
    own = tuple(new for old, new in row.args if old == key)
    if own:
        return own
    if key in row.sizes:
        return ()
    if name == "InputLayer" and key == "input_dtype":
        return ("dtype",)
    if key in DROPPED or (name, key) in DROPPED:
        return ()
    return (ARGUMENTS.get(key, key),)


def _add_sizes(config: Node, row: OldClass, fields: dict[str, Json], was: dict[str, str]) -> None:
    """Put the numbers that were a kernel's size together: `nb_row, nb_col -> kernel_size`."""
    if row.sizes:
        fields["kernel_size"] = [config.field(key).value for key in row.sizes]
        was["kernel_size"] = row.sizes[0]
