"""Every function of keras.ops, called on symbolic tensors in each way that it takes."""

from __future__ import annotations

import inspect
import itertools
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from kcodegen.verification.rebuild import fresh_keras
from tests.objects.op_values import NEEDS, ONLY, VALUES, Tensor, numbers
from tests.objects.special_calls import SPECIAL

# Of all functions that no table says what fits.
SHAPES: tuple[tuple[int, ...], ...] = ((4,), (4, 4), (6, 6, 3))
# Operations that no model holds, with the reason.
NO_MODEL = {
    "abs": "its function makes an Absolute",
    "arange": "it takes no tensor of a model: Keras asks for the number of its items",
    "conj": "its function makes a Conjugate",
}
Outputs = Callable[[Any, Callable[..., Any]], Any]


@dataclass(frozen=True, slots=True)
class Constant:
    """A tensor that is no input of the model but a part of it."""

    array: Any


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of a call: `leading` by position, the others by name."""

    leading: tuple[tuple[str, Any], ...]
    named: tuple[tuple[str, Any], ...]

    def form(self) -> str:
        """Return the form of the call: the kind of each tensor, the values of all others."""
        by_place = [kind_of(value) for _, value in self.leading]
        return ", ".join([*by_place, *(f"{name}={kind_of(value)}" for name, value in self.named)])


@dataclass(frozen=True, slots=True)
class Called:
    """A model of one call: how it was made, what it serializes to, and what makes it again.

    `form` is the same for calls that differ in nothing but shapes. `plain` is what the same call
    serializes to when a person writes it.
    """

    said: str
    form: str
    config: Any
    again: Callable[[], Any]
    plain: Any


def functions() -> dict[str, Callable[..., Any]]:
    """Return the functions of keras.ops and of its modules by their dotted names."""
    ops = fresh_keras().ops
    found: dict[str, Callable[..., Any]] = {}
    for name in sorted(vars(ops)):
        value = getattr(ops, name)
        if inspect.isfunction(value):
            found[name] = value
        elif inspect.ismodule(value):
            for inner in sorted(vars(value)):
                function = getattr(value, inner)
                if inspect.isfunction(function) and not hasattr(ops, inner):
                    found[f"{name}.{inner}"] = function
    return found


def special_calls(name: str) -> Iterator[Called]:
    """Yield a model for each call of the table; Keras must take all of them."""
    for number, call in enumerate(SPECIAL.get(name, ())):
        outputs = partial(of_ops, call)
        said = f"special call {number}"
        config = model_of(outputs)
        yield Called(said, said, config, partial(made_of, outputs), config)


def of_ops(call: Callable[[Any, Any], Any], keras: Any, tensor: Callable[..., Any]) -> Any:
    """Return the outputs of a special call."""
    return call(keras.ops, tensor)


def calls(name: str, done: Collection[str] = ()) -> Iterator[Called]:
    """Yield a model for each call of a function that Keras takes and writes.

    What forms are in `done`, which may grow meanwhile, are left out.
    """
    function = functions()[name]
    forms_of: dict[str, str] = {}
    same: set[str] = set()
    for said, base in bases(name, function):
        for given in itertools.chain(forms(name, function, base), with_constants(function, base)):
            form = given.form()
            if form in done or form in same:
                continue
            outputs = partial(of_function, function, given)
            config = written(outputs)
            known = forms_of.setdefault(json.dumps(config), form)
            if config is None or known != form:  # what is the same in the file is the same
                same |= {form} if known in done else set()
                continue
            again = partial(made_of, outputs)
            called = Called(f"({form}){said}", form, config, again, config)
            yield called
            if len(given.leading) + len(given.named) == len(base):
                yield from worded(called)


def worded(called: Called) -> Iterator[Called]:
    """Yield the same call with its tensors by name: so says a file, no function of keras.ops."""
    form = f"{called.form}, all by name"
    config = json.loads(json.dumps(called.config))
    operations = {op.name: op for op in called.again().operations}
    found = [layer for layer in config["config"]["layers"] if layer["class_name"] != "InputLayer"]
    if len(found) != 1:
        return
    (node,) = found[0]["inbound_nodes"]
    call = inspect.signature(operations[found[0]["name"]].call).parameters.values()
    names = [p.name for p in call if p.kind is p.POSITIONAL_OR_KEYWORD]
    if len(names) >= len(node["args"]) > 0:
        node["kwargs"] = {**dict(zip(names, node["args"], strict=False)), **node["kwargs"]}
        node["args"] = []
        said, again = f"{called.said}, all by name", partial(loaded, config)
        if is_made(again):
            yield Called(said, form, config, again, called.config)


def is_made(again: Callable[[], Any]) -> bool:
    """Tell whether Keras makes a model."""
    try:
        again()
    except Exception:  # some operations take their tensors by position only
        return False
    return True


def loaded(config: Any) -> Any:
    """Return the model that Keras makes of a file."""
    return fresh_keras().models.model_from_json(json.dumps(config))


def bases(name: str, function: Callable[..., Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the required arguments of a function, and in words what shapes they have."""
    if name in NEEDS:
        yield from ((f" of row {row}", base) for row, base in enumerate(NEEDS[name]))
        return
    needed = [p.name for p in parameters(function) if p.default is p.empty]
    for shape, many in itertools.product(SHAPES, (1, 2)):
        tensor = Tensor((None, *shape))
        tensors = tensor if many == 1 else [tensor, tensor]
        for given in itertools.product(*(VALUES.get(n, ("TENSOR",)) for n in needed)):
            pairs = zip(needed, given, strict=True)
            base = {n: tensors if is_word(v, "TENSOR") else v for n, v in pairs}
            yield f" of {shape}", base


def is_word(value: Any, word: str) -> bool:
    """Tell whether a value, which may be an array, is a string."""
    return isinstance(value, str) and value == word


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a function that have a name of their own."""
    found = inspect.signature(function).parameters.values()
    return [p for p in found if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]


def forms(name: str, function: Callable[..., Any], base: dict[str, Any]) -> Iterator[Given]:
    """Yield the required arguments by position and by name, then one more each, in both ways."""
    yield by_name(function, base)
    yield Given((), tuple(base.items()))
    optional = [p for p in parameters(function) if p.default is not p.empty]
    usual = {p.name: p.default for p in optional}
    every = dict(base)
    for place, parameter in enumerate(optional):
        for value in others(name, parameter, base):
            yield by_name(function, {**base, parameter.name: value})
            every.setdefault(parameter.name, value)
            if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
                before = {p.name: base.get(p.name, usual[p.name]) for p in optional[:place]}
                known = {**usual, **base, **before, parameter.name: value}
                names = [p.name for p in parameters(function) if p.default is p.empty]
                leading = [*names, *before, parameter.name]
                named = [name for name in base if name not in leading]
                yield Given(
                    tuple((name, known[name]) for name in leading),
                    tuple((name, base[name]) for name in named),
                )
    yield by_name(function, every)


def by_name(function: Callable[..., Any], given: dict[str, Any]) -> Given:
    """Return a call with what is required by position and the others by name."""
    needed = [p.name for p in parameters(function) if is_leading(p) and p.name in given]
    leading = tuple((name, given[name]) for name in needed)
    return Given(leading, tuple(item for item in given.items() if item[0] not in needed))


def is_leading(parameter: inspect.Parameter) -> bool:
    """Say whether a parameter is required, and may be passed by position."""
    return (
        parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    )


def with_constants(function: Callable[..., Any], base: dict[str, Any]) -> Iterator[Given]:
    """Yield arguments with each kind of constant in the place of each tensor but one."""
    random = np.random.default_rng(1)
    names = [name for name, value in base.items() if isinstance(value, Tensor)]
    for name in names if len(names) > 1 else ():
        tensor: Tensor = base[name]
        whole = numbers(tensor.of, tensor.dtype, tensor.known(), random)
        yield by_name(function, {**base, name: whole.flat[0].item()})
        for array in (whole[0], whole) if tensor.shape[0] is None else (whole,):
            for value in (array, array.tolist(), Constant(array)):
                yield by_name(function, {**base, name: value})
    for name, value in base.items():
        if isinstance(value, list) and all(isinstance(item, Tensor) for item in value):
            array = np.full(value[0].known(), 0.5, value[0].dtype)
            yield by_name(function, {**base, name: tuple(value)})
            yield by_name(function, {**base, name: [*value[:1], array]})
            yield by_name(function, {**base, name: [array, *value[1:]]})
            yield by_name(function, {**base, name: value[:1]})


def others(name: str, parameter: inspect.Parameter, base: dict[str, Any]) -> tuple[Any, ...]:
    """Return values to try in place of a default."""
    if (name, parameter.name) in ONLY:
        return ONLY[name, parameter.name]
    if parameter.name in VALUES:
        return VALUES[parameter.name]
    match parameter.default:
        case bool(value):
            return (not value,)
        case int(value):
            return (value + 1,)
        case float(value):
            return (value * 0.5 + 0.125,)
        case None:
            first = next(iter(base.values()), None)
            return (first, 2) if isinstance(first, (Tensor, list)) else (2,)
        case _:
            return ()


def kind_of(value: Any) -> str:
    """Return what kind of tensor or number an argument is, or its value."""
    match value:
        case Tensor():
            return "tensor"
        case Constant():
            return "constant tensor"
        case np.ndarray():
            return "array"
        case list() | tuple() if any(isinstance(item, (Tensor, np.ndarray)) for item in value):
            kinds = ", ".join(map(kind_of, value))
            return f"[{kinds}]" if isinstance(value, list) else f"({kinds})"
        case list() if value and not isinstance(value[0], int):
            return "list"
        case float() if not isinstance(value, bool):
            return "number"
    return repr(value)


def of_function(function: Callable[..., Any], given: Given, keras: Any, tensor: Any) -> Any:
    """Return the outputs of a call."""

    def value(item: Any) -> Any:
        match item:
            case Tensor(shape, dtype, of):
                return tensor(*shape[1:], batch=shape[0], dtype=dtype, of=of)
            case Constant(array):
                return keras.ops.convert_to_tensor(array)
            case list() | tuple():
                return type(item)(value(part) for part in item)
        return item

    named = {name: value(item) for name, item in given.named}
    return function(*(value(item) for _, item in given.leading), **named)


def written(outputs: Outputs) -> Any:
    """Return what a model of one call serializes to; None when Keras does not take the call."""
    try:
        return model_of(outputs)
    except Exception:  # what Keras does not take is no call
        return None


def model_of(outputs: Outputs) -> Any:
    """Return what the model of some outputs serializes to."""
    return json.loads(made_of(outputs).to_json())


def made_of(outputs: Outputs) -> Any:
    """Return the model of some outputs; its inputs are called after what they are given."""
    keras = fresh_keras()
    inputs: list[Any] = []

    def tensor(*shape: int, dtype: str = "float32", batch: int | None = None, of: str = "t") -> Any:
        inputs.append(keras.Input(shape, batch, dtype=dtype, name=f"{of}{len(inputs)}"))
        return inputs[-1]

    made = outputs(keras, tensor)
    return keras.Model(inputs, made, name="m")
