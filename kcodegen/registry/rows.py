"""The rows of the registry: what a class or an op is, as data."""

from __future__ import annotations

from typing import Final

from kcodegen.ir.values import Args, Value, lookup, same
from kcodegen.records import record


class Required:
    """The default of a parameter that has none."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = Required()


@record(frozen=True)
class Parameter:
    """One argument of a constructor or a function.

    `default` is the default in the signature, `serialized` how that default looks in
    `get_config()` (`activation=None` comes back as `"linear"`), both as IR values. `holds`
    names the kind of object that a dict or a bare string stands for in this place
    ("initializer", "activation", "layer", ...). `spread` is how the number 1 comes back when
    Keras widens it (`kernel_size=1` -> `(1, 1)`, `factor=1` -> `(0, 1)`, `(-1, 1)`), None when
    it does not: see `widen` and `narrow`. `float32` marks numbers that Keras rounds to float32.
    `default_of` names the parameter whose value this one takes when it is left out (`strides`
    of a pooling layer: `pool_size`); `serialized` is then the plain default and never
    appears in a file.
    """

    name: str
    default: Value | Required = REQUIRED
    serialized: Value | Required = REQUIRED
    holds: str = ""
    spread: Value = None
    float32: bool = False
    keyword_only: bool = False
    default_of: str = ""

    @property
    def required(self) -> bool:
        """Tell whether the parameter has no default."""
        return isinstance(self.default, Required)


LAYER_EXTRA: Final[dict[str, Parameter]] = {
    param.name: param
    for param in (
        Parameter("activity_regularizer", None, None, holds="regularizer"),
        Parameter("trainable", True, True),
        Parameter("dtype", None, "float32", holds="dtype_policy"),
        Parameter("autocast", True, True),
        Parameter("bounding_box_format", None, None),
        Parameter("name", None, None),
    )
}
"""The arguments of every layer, and of every layer for images, that go through `**kwargs`."""


@record(frozen=True)
class Hidden:
    """An automatic name that Keras uses up by itself.

    `prefix` is the counter (`"softmax"`, `"not_equal"`); `when` is "construct", "call" (the
    first one) or "every call". `given` is the
    condition, empty for always: `mask_zero` an argument that is not false, `!name` an argument
    that is left out, `cell[]` an argument that is a list.
    """

    when: str
    prefix: str
    given: str = ""

    def applies(self, args: Args) -> bool:
        """Tell whether an instance with these arguments, the name included, uses it up."""
        if not self.given:
            return True
        value = lookup(args, self.given.strip("![]"))
        if self.given.startswith("!"):
            return value is None
        if self.given.endswith("[]"):
            return isinstance(value, tuple)
        return value is not None and value is not False and value != 0 and value != ()


@record(frozen=True)
class ClassRow:
    """A public class: where it is imported from and what its constructor takes.

    `key` is the canonical public path (`keras.layers.Dense`); `kind` is "layer", "optimizer",
    "initializer", ...; `module` and `name` are what `serialize_keras_object` writes;
    `positional` is how many leading parameters a person passes by position; `shorthand` is the
    string that Keras takes for an object with default arguments (`"he_normal"`), or empty.
    `aliases` are other public paths of the class, `private` its defining module.
    `extra` are keys of `get_config()` that are no named parameter but that the constructor takes
    through `**kwargs`. `ignored` are keys that no constructor takes, each with the only value
    that carries nothing. `lost` are parameters that `get_config()` never mentions. `hidden`
    lists the automatic names that an instance uses up by itself, in order. `built` tells what
    a build writes in place of a default: a value, or a `Symbol` with the name of a rule (see
    `registry.built`). `masks` tells when the output has a mask: "make" always, "keep" when the
    input has one, "all", "any" or "first" when all, any or the first of several inputs have
    one; a second word names the argument that must be true for that (`layer.return_sequences`
    is one of the wrapped layer's); empty is never. `auto` is the prefix of its
    own automatic name when that is not the snake case of `name`. `helper` names the page's own
    class for a private one; a row that cannot be written on a page has `refusal`, the reason.
    """

    key: str
    kind: str
    module: str
    name: str
    params: tuple[Parameter, ...] = ()
    positional: int = 0
    shorthand: str = ""
    aliases: tuple[str, ...] = ()
    ignored: Args = ()
    extra: tuple[Parameter, ...] = ()
    lost: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    built: Args = ()
    masks: str = ""
    private: str = ""
    auto: str = ""
    helper: str = ""
    refusal: str = ""

    def param(self, name: str) -> Parameter | None:
        """Return the parameter called `name`, extra ones included, or None."""
        for param in (*self.params, *self.extra):
            if param.name == name:
                return param
        return None


@record(frozen=True)
class OpRow:
    """An operation class and the public function that makes it.

    `key` is the public function (`keras.ops.mean`), `module` and `name` the class as serialized
    (`keras.src.ops.numpy`, `Mean`). `params` is the function's signature; `operands` are the
    names of those that the class takes by position when it is called, in that order, and
    `keywords` of those that it takes by name; `config` maps a key of the class' config to the
    function's parameter. `ignored` are keys of the config that no parameter sets, each with the
    only value that carries nothing. `variadic` names the operand that is `*args`, if any; with
    `open_keywords` any other keyword argument is passed on to the call as well. `method` is
    "getitem" for what is written as a subscript. A row whose function cannot be written on a
    page (it takes a callable, or is abstract) has `refusal`, the reason.
    """

    key: str
    module: str
    name: str
    params: tuple[Parameter, ...] = ()
    operands: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    config: tuple[tuple[str, str], ...] = ()
    positional: int = 0
    ignored: Args = ()
    variadic: str = ""
    method: str = ""
    open_keywords: bool = False
    refusal: str = ""

    def param(self, name: str) -> Parameter | None:
        """Return the parameter called `name`, or None."""
        for param in self.params:
            if param.name == name:
                return param
        return None


def holds_of(row: ClassRow, name: str) -> str:
    """Return the kind of object that an argument of a class holds, or nothing."""
    param = row.param(name)
    return param.holds if param is not None else ""


def arguments(**named: Value) -> Args:
    """Return keyword arguments as `Args`, in the order given."""
    return tuple(named.items())


def widen(value: Value, spread: Value) -> Value:
    """Return what Keras makes of the number `value`: `3, (1, 1) -> (3, 3)`.

    Zeros in `spread` stay what they are and -1 negates: `0.2, (-1, 1) -> (-0.2, 0.2)`.
    """
    if isinstance(spread, tuple):
        return tuple(widen(value, part) for part in spread)
    assert isinstance(spread, int)
    assert isinstance(value, (int, float))
    return 0 if spread == 0 else value if spread == 1 else -value


def narrow(value: Value, spread: Value) -> Value:
    """Return the number that Keras widens to `value`, or None: `(3, 3), (1, 1) -> 3`.

    The number that comes back widens to exactly `value`, in type too.
    """
    for part in _leaves(value):
        if isinstance(part, (int, float)) and not isinstance(part, bool) and part != 0:
            for number in (abs(part), -abs(part)):
                if same(widen(number, spread), value):
                    return number
            return None
    return None


def _leaves(value: Value) -> list[Value]:
    """Return the values inside nested tuples, from left to right."""
    if isinstance(value, tuple):
        return [leaf for part in value for leaf in _leaves(part)]
    return [value]
