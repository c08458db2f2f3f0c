"""Functions that a file holds as bytecode -> source that a page may say.

    {"class_name": "__lambda__", "config": {"code": "4wEAAA...", "defaults": null, ...}}
        ->  Source("def _(t):\n    return t * 2.0 + 1.0")

The bytecode is read by `kcodegen.bytecode` and never run. Here names get their meaning, by closed
tables: see `lambda_names`.
"""

from __future__ import annotations

import ast
import base64
import binascii
import math

from kcodegen.bytecode import Function, NotDecompiled, decompile
from kcodegen.diagnostics import CompileError, Diagnostic
from kcodegen.frontends.lambda_calls import Given, activation, call, own_op, plain, public, random
from kcodegen.frontends.lambda_names import (
    ATTRIBUTES,
    CONSTANTS,
    KEYWORDS,
    NUMPY,
    OWN_CONFIG,
    OWN_FUNCTIONS,
    SPACES,
    TAKEN,
    VALUES,
    moved,
)
from kcodegen.frontends.problems import Problems
from kcodegen.ir.document import Json, Node
from kcodegen.ir.source import BUILTINS, Source
from kcodegen.records import record
from kcodegen.registry.backend_functions import BACKEND, RANDOM
from kcodegen.registry.tf_functions import find_function
from kcodegen.words import PAGE_NAMES, RESERVED, is_identifier, prose

HINT = (
    "--stubs writes a function for you to fill in; or write it as a named function, "
    "register it, and save the model again"
)
_DIVIDED = (
    "a function of Python 2 divides: of a tensor of integers it dropped the rest, the page does not"
)
# Arguments that a Lambda layer gives to its function by name.
_BY_NAME = frozenset({"mask", "training"})


def read_lambda(
    node: Node, named: frozenset[str], is_legacy: bool, problems: Problems | None = None
) -> Source:
    """Return the source of a function; CompileError says why it has none.

    `named` are the arguments that the layer gives by name; `is_legacy` tells that a tensor's shape
    is no tuple in the Keras that wrote it.
    """
    try:
        code, defaults, closure = _parts(node)
        function = decompile(_bytes(code))
        source = _source(function, defaults, closure, named, is_legacy)
    except NotDecompiled as reason:
        raise lambda_error(node, str(reason)) from None
    except RecursionError:
        raise lambda_error(node, "it is too deep") from None
    if problems is not None and function.divides_as_2:
        problems.warnings.append(
            Diagnostic("changed-meaning", _DIVIDED, node.origin, "", "warning")
        )
    return source


def lambda_error(node: Node, reason: str) -> CompileError:
    """Return the error for a function that has no source."""
    message = f"a function is stored as Python bytecode, which does not come back: {reason}"
    return node.error("lambda", message, HINT)


def _parts(node: Node) -> tuple[str, list[Json], list[Json]]:
    """Return the code, the defaults and the closure of a serialized function."""
    found = node
    if isinstance(node.value, dict):
        config = node.field("config")
        found = config.field("value") if config.has("value") else config
    if isinstance(found.value, dict):
        parts = [found.value.get(key) for key in ("code", "defaults", "closure")]
    else:
        parts = [item.value for item in found.items("a function")]
    if not parts or not isinstance(parts[0], str):
        raise node.wrong("a function")
    defaults, closure = ((part if isinstance(part, list) else []) for part in (*parts, [], [])[1:3])
    return parts[0], defaults, closure


def _bytes(text: str) -> bytes:
    """Return the bytes of a code object: base64, or raw as Keras 1 and 2.0 wrote them."""
    if text[:1] in ("c", "\xe3"):
        return text.encode("raw_unicode_escape")
    try:
        return base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise NotDecompiled("its bytecode is damaged") from None


def _source(
    function: Function,
    defaults: list[Json],
    closure: list[Json],
    named: frozenset[str],
    is_legacy: bool,
) -> Source:
    if len(closure) != len(function.free):
        raise NotDecompiled("it uses variables from around it that are not in the file")
    if len(defaults) > len(function.args):
        raise NotDecompiled("it has more defaults than arguments")
    stored = [target.id for target in _targets(function.body)]
    names = _names((*function.args, *stored), named | _BY_NAME)
    free = dict(zip(function.free, map(_constant, closure), strict=True))
    translation = _Translation(names, free, is_legacy)
    body = [translation.statement(statement) for statement in function.body]
    arguments = ast.arguments(
        [], [ast.arg(names[name]) for name in function.args], None, [], [], None,
        [_constant(value) for value in defaults],
    )  # fmt: skip
    return Source.written(arguments, body, "" if "<" in function.name else prose(function.name))


def _targets(body: list[ast.stmt]) -> list[ast.Name]:
    """Return the variables that statements assign to."""
    targets = [target for item in body if isinstance(item, ast.Assign) for target in item.targets]
    names = [target.elts if isinstance(target, ast.Tuple) else [target] for target in targets]
    return [name for row in names for name in row if isinstance(name, ast.Name)]


def _names(names: tuple[str, ...], fixed: frozenset[str]) -> dict[str, str]:
    """Return what variables are called on the page, where some names mean other things."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        if not is_identifier(name) or name.startswith("__"):
            raise NotDecompiled(f"its variable {prose(name)!r} is no plain name")
        new = name
        while new in PAGE_NAMES or new in RESERVED or new in TAKEN or new in found.values():
            new += "_"
        if new != name and name in fixed:
            raise NotDecompiled(f"its argument {prose(name)!r} has another meaning on a page")
        found[name] = new
    return found


def _constant(value: Json) -> ast.expr:
    """Return a recorded default or variable as an expression: a list stays a list."""
    match value:
        case list():
            return ast.List([_constant(item) for item in value], ast.Load())
        case bool() | None | str():
            return ast.Constant(value)
        case int() | float() if math.isfinite(value):
            is_negative = math.copysign(1, value) < 0
            made = ast.Constant(-value if is_negative else value)
            return ast.UnaryOp(ast.USub(), made) if is_negative else made
    raise NotDecompiled("a default, or a variable from around it, is more than plain values")


@record(frozen=False)
class _Translation:
    """Gives names their meaning: `names` are variables, `free` those from around the function."""

    names: dict[str, str]
    free: dict[str, ast.expr]
    is_legacy: bool

    def statement(self, node: ast.stmt) -> ast.stmt:
        """Return an assignment or the return of a function."""
        match node:
            case ast.Return(value=ast.expr() as value):
                return ast.Return(self.value(value))
            case ast.Assign(targets=[target], value=value):
                return ast.Assign([self._target(target)], self.value(value))
        raise NotDecompiled("it does more than assign and return")

    def _target(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Tuple):
            return ast.Tuple([self._target(item) for item in node.elts], ast.Store())
        assert isinstance(node, ast.Name)
        return ast.Name(self.names[node.id], ast.Store())

    def value(self, node: ast.expr) -> ast.expr:
        """Return an expression that a page may say."""
        match node:
            case ast.Constant():
                return node
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._call(node)
            case ast.Subscript(value=base, slice=index):
                return self._subscript(base, index)
            case ast.Tuple(elts=items):
                return ast.Tuple(self._all(items), ast.Load())
            case ast.List(elts=items):
                return ast.List(self._all(items), ast.Load())
            case ast.Dict(keys=keys, values=values) if all(keys):
                return ast.Dict(list(self._all([k for k in keys if k])), self._all(values))
        return self._operation(node)

    def _index(self, node: ast.expr) -> ast.expr:
        """Return what stands in brackets: nowhere else is there a slice."""
        match node:
            case ast.Slice(lower=lower, upper=upper, step=step):
                bounds = (None if b is None else self.value(b) for b in (lower, upper, step))
                return ast.Slice(*bounds)
            case ast.Tuple(elts=items):
                inner = [
                    self._index(i) if isinstance(i, ast.Slice) else self.value(i) for i in items
                ]
                return ast.Tuple(inner, ast.Load())
        return self.value(node)

    def _operation(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.BinOp(left=left, op=operator, right=right):
                return ast.BinOp(self.value(left), operator, self.value(right))
            case ast.UnaryOp(op=operator, operand=operand):
                return ast.UnaryOp(operator, self.value(operand))
            case ast.BoolOp(op=operator, values=values):
                return ast.BoolOp(operator, self._all(values))
            case ast.Compare(left=left, ops=operators, comparators=others):
                return _comparison(self._all([left, *others]), operators)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return ast.IfExp(*self._all([test, body, orelse]))
        raise NotDecompiled("it says what no page says")

    def _all(self, nodes: list[ast.expr]) -> list[ast.expr]:
        return [self.value(node) for node in nodes]

    def _name(self, name: str) -> ast.expr:
        if name in self.names:
            return ast.Name(self.names[name], ast.Load())
        if name in self.free:
            return self.free[name]
        raise NotDecompiled(f"it uses {prose(name)!r}, which is not in the file")

    # Attributes

    def _path(self, node: ast.expr) -> str:
        """Return the dotted path of a module's function, or nothing."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self.names or node.id in self.free:
            return ""
        if node.id not in SPACES:
            return ""
        return moved(".".join([node.id, *reversed(parts)]))

    def _attribute(self, node: ast.Attribute) -> ast.expr:
        path = self._path(node)
        if path in CONSTANTS:
            return ast.Constant(CONSTANTS[path])
        if path in VALUES:
            return public(VALUES[path])
        if path.startswith("tf.image.ResizeMethod."):
            return ast.Constant(path.rpartition(".")[2].lower())
        if path:
            raise NotDecompiled(f"it uses {prose(path)}, which has no known equal in Keras 3")
        base = self.value(node.value)
        if node.attr == "value" and _is_size(base):
            return base  # a dimension of TensorFlow 1
        if node.attr not in ATTRIBUTES or (node.attr == "shape" and self.is_legacy):
            raise NotDecompiled(f"it uses the attribute {prose(node.attr)!r} in a way not known")
        return ast.Attribute(base, node.attr, ast.Load())

    def _subscript(self, base: ast.expr, index: ast.expr) -> ast.expr:
        """Return `base[index]`; of a shape only single sizes mean the same today."""
        shape = self._shape(base)
        if shape is None:
            return ast.Subscript(self.value(base), self._index(index), ast.Load())
        if not isinstance(plain(index), int):
            raise NotDecompiled("it computes with a part of a shape, which is a tuple today")
        return ast.Subscript(shape, self.value(index), ast.Load())

    def _shape(self, node: ast.expr) -> ast.expr | None:
        """Return what is a tuple today, and was none: a shape, of a tensor or as one."""
        match node:
            case ast.Attribute(value=base, attr="shape") if self.is_legacy and not self._path(base):
                return ast.Attribute(self.value(base), "shape", ast.Load())
            case ast.Call(func=ast.Attribute(value=base, attr="get_shape"), args=[], keywords=[]):
                return ast.Attribute(self.value(base), "shape", ast.Load())
            case ast.Call(func=func, args=[of], keywords=[]) if self._path(func) in _SHAPES:
                return ast.Call(public("keras.ops.shape"), [self.value(of)], [])
        return None

    # Calls

    def _call(self, node: ast.Call) -> ast.expr:
        path, name = self._path(node.func), getattr(node.func, "id", "")
        if isinstance(node.func, ast.Attribute) and not path:
            return self._method(node.func, node)
        is_builtin = name in BUILTINS and name not in self.names and name not in self.free
        if not path and not is_builtin:
            raise NotDecompiled(f"it calls {prose(name or 'a value')!r}, which is not in the file")
        args = [self._argument(arg, path) for arg in node.args]
        kwargs: Given = {}
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg in kwargs or not is_identifier(keyword.arg):
                raise NotDecompiled("it unpacks arguments")
            kwargs[keyword.arg] = self._argument(keyword.value, path)
        if path:
            return self._function(path, args, kwargs)
        if kwargs:
            raise NotDecompiled(f"it calls {name} in a way that is not known")
        return ast.Call(ast.Name(name, ast.Load()), args, [])

    def _argument(self, node: ast.expr, path: str) -> ast.expr:
        """Return an argument; where a shape is asked for, a shape may be given."""
        takes_shape = path in RANDOM or path.rpartition(".")[2] in ("reshape", "broadcast_to")
        shape = self._shape(node) if takes_shape else None
        return self.value(node) if shape is None else shape

    def _method(self, func: ast.Attribute, node: ast.Call) -> ast.expr:
        """Return `list(x.shape)` for the one method of shapes that lambdas call."""
        shape = self._shape(func.value)
        if func.attr != "as_list" or shape is None or node.args or node.keywords:
            raise NotDecompiled(f"it calls a method {prose(func.attr)!r}")
        return ast.Call(ast.Name("list", ast.Load()), [shape], [])

    def _function(self, path: str, args: list[ast.expr], kwargs: Given) -> ast.expr:
        space, _, name = path.partition(".")
        if path == "K.int_shape" and len(args) == 1:
            return ast.Attribute(args[0], "shape", ast.Load())
        if path == "K.ndim" and len(args) == 1:
            shape = ast.Attribute(args[0], "shape", ast.Load())
            return ast.Call(ast.Name("len", ast.Load()), [shape], [])
        if space == "K" and name in OWN_FUNCTIONS and not args and not kwargs:
            return ast.Call(public(f"keras.config.{name}"), [], [])
        row = {"K": BACKEND.get(name), "tf": find_function(name)}.get(space)
        if row is not None:
            return call(path, row, args, kwargs)
        if path in RANDOM:
            return random(path, RANDOM[path], args, kwargs)
        if space == "ops":
            return own_op(name, args, kwargs)
        if space in ("np", "math") and name in NUMPY and all(map(_is_constant, args)) and args:
            return ast.Call(public(f"numpy.{name}"), args, [])
        if path in OWN_CONFIG and not args and not kwargs:
            return ast.Call(public(path), [], [])
        function = activation(name, self.is_legacy) if space == "keras" else ""
        if function and kwargs.keys() <= KEYWORDS.get(name, frozenset()):
            made = [ast.keyword(key, value) for key, value in kwargs.items()]
            return ast.Call(public(function), args, made)
        raise NotDecompiled(f"it calls {prose(path)}, which has no known equal in Keras 3")


_SHAPES = ("K.shape", "tf.shape")


def _comparison(parts: list[ast.expr], ops: list[ast.cmpop]) -> ast.expr:
    """Return a comparison; a chain says its middle twice: `a < b and b < c`."""
    pairs = zip(parts, ops, parts[1:], strict=False)
    found: list[ast.expr] = [ast.Compare(left, [op], [right]) for left, op, right in pairs]
    return found[0] if len(found) == 1 else ast.BoolOp(ast.And(), found)


def _is_size(node: ast.expr) -> bool:
    """Tell whether an expression is one size of a shape."""
    base = node.value if isinstance(node, ast.Subscript) else None
    return isinstance(base, ast.Attribute) and base.attr == "shape"


def _is_constant(node: ast.expr) -> bool:
    """Tell whether an expression is computed from constants and sizes alone."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return _is_size(node) or not names - {"numpy"}
