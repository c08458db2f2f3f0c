"""Defaults: leaving them out and filling them in are inverse, for every class and op there is."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from kcodegen import registry
from kcodegen.ir.rewrite import rewrite_args
from kcodegen.ir.values import Args, Obj, Value, same
from kcodegen.passes.defaults import drop_defaults, fill_defaults, parameters
from kcodegen.passes.float32 import undo_float32
from kcodegen.passes.spread import widen_args
from kcodegen.registry.rows import Parameter, Required

KEYS = sorted(
    {
        *(key for key in registry.op_keys() if not registry.op(key).refusal),
        *(
            row.key
            for kind in registry.kinds()
            for name in registry.class_names(kind)
            for row in registry.candidates(name, None, kind)
        ),
    }
)
SCALARS: tuple[Value, ...] = (True, False, 0, 1, 3, 0.0, 0.5, "", "relu", "text")
SEQUENCES: tuple[Value, ...] = ((), (3, 3), ("a",))
OBJECTS = (
    Obj("keras.initializers.Zeros"),
    Obj("keras.initializers.HeNormal"),
    Obj("keras.initializers.HeNormal", (("seed", 1),)),
    Obj("keras.initializers.GlorotUniform", (("seed", None),)),
    Obj("keras.regularizers.L2"),
    Obj("keras.regularizers.L2", (("l2", 0.01),)),
)
OTHERS = (*SCALARS, *SEQUENCES, *OBJECTS)


@cache
def arguments(key: str) -> st.SearchStrategy[Args]:
    """Return arguments of a class or op: defaults in both spellings, and other values."""
    choices = {
        param.name: tuple(map(st.just, _values(param))) for param in parameters(key).values()
    }
    drawn = {name: st.one_of(*values) for name, values in choices.items()}
    return st.fixed_dictionaries({}, optional=drawn).map(lambda found: tuple(found.items()))


def _values(param: Parameter) -> tuple[Value, ...]:
    """Return values for an argument; the string that stands for an object never gets here."""
    is_text = isinstance(param.default, str) and isinstance(param.serialized, Obj)
    defaults = (param.serialized, *(() if is_text else (param.default,)))
    return (*(value for value in defaults if not isinstance(value, Required)), *OTHERS)


@st.composite
def constructions(draw: st.DrawFn) -> tuple[str, Args]:
    key = draw(st.sampled_from(KEYS))
    return key, draw(arguments(key))


def complete(key: str, args: Args, built: Value = None) -> Args:
    return undo_float32(key, widen_args(key, fill_defaults(key, args)))


def filled(key: str, args: Args) -> Args:
    """Fill in the defaults innermost first, as the proof does."""
    return complete(key, rewrite_args(args, complete))


def dropped(key: str, args: Args) -> Args:
    """Leave out the defaults innermost first, as the page does."""
    return drop_defaults(key, rewrite_args(args, drop_defaults))


@given(constructions())
def test_what_is_left_out_is_filled_in_again(construction):
    key, args = construction
    assert same(filled(key, dropped(key, args)), filled(key, args))


@given(constructions())
def test_leaving_out_twice_is_leaving_out_once(construction):
    key, args = construction
    kept = dropped(key, args)
    assert same(dropped(key, kept), kept)
    assert {name for name, _ in kept} <= {name for name, _ in args}


@given(constructions())
def test_filling_in_twice_is_filling_in_once(construction):
    key, args = construction
    full = filled(key, args)
    assert same(filled(key, full), full)
    assert [name for name, _ in full] == sorted(name for name, _ in full)


def test_every_default_of_every_row_is_left_out_and_filled_in():
    for key in KEYS:
        defaults = tuple(
            (param.name, param.serialized)
            for param in parameters(key).values()
            if not isinstance(param.serialized, Required) and not param.default_of
        )
        assert dropped(key, defaults) == ()
        assert same(filled(key, ()), filled(key, defaults))


def test_a_default_in_another_type_is_no_default():
    assert drop_defaults("keras.layers.Dense", (("use_bias", 1),)) == (("use_bias", 1),)
    assert drop_defaults("keras.layers.LSTM", (("dropout", 0),)) == (("dropout", 0),)


def test_an_argument_may_default_to_another():
    key = "keras.layers.MaxPooling2D"
    two, three = ("pool_size", (2, 2)), ("pool_size", (3, 3))
    assert drop_defaults(key, (three, ("strides", (3, 3)))) == (three,)
    assert drop_defaults(key, (three, ("strides", (2, 2)))) == (three, ("strides", (2, 2)))
    assert drop_defaults(key, (two, ("strides", (2, 2)))) == ()
    assert dict(fill_defaults(key, (three,)))["strides"] == (3, 3)


def test_a_users_class_keeps_what_it_does_not_inherit():
    args = (("trainable", True), ("dtype", "float32"), ("units", 4))
    assert drop_defaults("custom:shop.layers:Scale", args) == (("units", 4),)
    assert drop_defaults("custom:shop.layers:Scale", (("trainable", False),)) != ()
