"""The source of keras.applications, stripped to what builds one model, for a fair comparison.

Left out: docstrings, imports, checks of arguments, the loading of weights, the branches for
`channels_first`, for other tops and poolings than the default, and for tensors as inputs.
What is left is formatted by Black and counted. It is code for a family: ResNet() serves 50, 101
and 152; ours is for one model. Shorter than it is not yet better than it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import tokenize

import black

# Names that stand for what a model with defaults does not need, and what they come to.
KNOWN = {
    "include_top": True,
    "weights": None,
    "input_tensor": None,
    "pooling": None,
    "include_preprocessing": True,
    "classifier_activation": "softmax",
    "default_size": 224,
    "include_rescaling": True,
}
_DROPPED = frozenset(
    """obtain_input_shape validate_activation file_utils load_weights get_file warnings
    operation_utils weights_path file_name file_hash cache_subdir raise_error""".split()
)
_KINDS = (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)


def handwritten(application: str) -> str:
    """Return the stripped source of an application of the installed Keras."""
    import keras

    function = getattr(keras.applications, application)
    module = importlib.import_module(inspect.unwrap(function).__module__)
    body = ast.parse(inspect.getsource(module)).body
    for node in list(body):  # ResNet50V2 lives on what ResNet50 defines
        if isinstance(node, ast.ImportFrom) and node.module == "keras.src.applications":
            others = [importlib.import_module(f"{node.module}.{n.name}") for n in node.names]
            for other in others:
                if other.__name__.rpartition(".")[2] != "imagenet_utils":
                    body = ast.parse(inspect.getsource(other)).body + body
    defined = {name: node for node in body for name in _names(node)}
    needed = _reach(application, defined)
    kept = [node for node in defined.values() if needed & set(_names(node))]
    stripped = [_Strip(application).visit(node) for node in dict.fromkeys(kept)]
    code = ast.Module([node for node in stripped if node is not None], [])
    return black.format_str(ast.unparse(ast.fix_missing_locations(code)), mode=black.Mode())


def lines(source: str) -> int:
    """Return the number of lines that are neither empty nor a comment."""
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") for line in source.splitlines()
    )


def tokens(source: str) -> int:
    """Return the number of tokens, layout and comments not counted."""
    found = tokenize.generate_tokens(io.StringIO(source).readline)
    return sum(token.type in _KINDS for token in found)


def _names(node: ast.stmt) -> list[str]:
    """Return the names that a statement of a module defines."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def _reach(name: str, defined: dict[str, ast.stmt]) -> set[str]:
    """Return what a function needs of its module, itself included."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in found or current not in defined:
            continue
        found.add(current)
        body = _Strip(name).visit(ast.parse(ast.unparse(defined[current])).body[0])
        if body is not None:
            waiting += [node.id for node in ast.walk(body) if isinstance(node, ast.Name)]
            waiting += [node.attr for node in ast.walk(body) if isinstance(node, ast.Attribute)]
    return found


class _Strip(ast.NodeTransformer):
    """Takes out what the default model does not need."""

    def __init__(self, application: str) -> None:
        self.application = application.lower()

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        """Keep, of a table of all models of a family, the one that is built."""
        keys = [k.value for k in node.keys if isinstance(k, ast.Constant)]
        words = [str(k).lower().replace("-", "") for k in keys]
        own = [i for i, word in enumerate(words) if self.application.endswith(word)]
        if len(own) == 1 and len(keys) == len(node.keys) and len(keys) > 2:
            node.keys, node.values = [node.keys[own[0]]], [node.values[own[0]]]
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = []
        node.body = self._block(node.body)
        dropped = {*KNOWN, "name"} if node.name[0].isupper() else set(KNOWN)
        arguments = node.args
        count = len(arguments.args) - len(arguments.defaults)
        defaults = [None] * count + list(arguments.defaults)
        pairs = [
            (a, d)
            for a, d in zip(arguments.args, defaults, strict=True)
            if a.arg not in dropped - {"name"}
        ]
        arguments.args = [a for a, _ in pairs]
        arguments.defaults = [d for _, d in pairs if d is not None]
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = self._block(node.body)
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        text = node.value.value if isinstance(node.value, ast.Constant) else ""
        if isinstance(text, str) and (len(text) > 60 or "http" in text):
            return None
        if any(isinstance(t, ast.Name) and t.id.endswith(("HASHES", "PATH", "DOC", "DOCSTRING"))
               for t in node.targets):  # fmt: skip
            return None
        return None if _mentions(node, _DROPPED) else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.keywords = [k for k in node.keywords if k.arg not in KNOWN]
        return self.generic_visit(node)

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in body:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            if isinstance(statement, (ast.Raise, ast.Import, ast.ImportFrom)):
                continue
            if isinstance(statement, ast.Expr) and _mentions(statement, _DROPPED):
                continue
            if isinstance(statement, ast.Try):  # what only tensors as inputs need
                continue
            found += self._if(statement) if isinstance(statement, ast.If) else [statement]
        return found or [ast.Pass()]

    def _if(self, node: ast.If) -> list[ast.stmt]:
        """Return an `if`, the branch that is taken anyway, or nothing."""
        if _mentions(node.test, _DROPPED) or all(isinstance(s, ast.Raise) for s in node.body):
            return self._block(node.orelse) if node.orelse else []
        known = _decided(node.test)
        if known is None:
            node.body = self._block(node.body)
            rest = self._block(node.orelse) if node.orelse else []
            node.orelse = [s for s in rest if not isinstance(s, ast.Pass)]
            return [node]
        chosen = node.body if known else node.orelse
        rest = self._block(chosen) if chosen else []
        return [s for s in rest if not isinstance(s, ast.Pass)]

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        known = _decided(node.test)
        if known is None:
            return self.generic_visit(node)
        return self.visit(node.body if known else node.orelse)


def _mentions(node: ast.AST, names: frozenset[str]) -> bool:
    return any(
        (isinstance(n, ast.Name) and n.id in names)
        or (isinstance(n, ast.Attribute) and n.attr in names)
        for n in ast.walk(node)
    )


def _decided(test: ast.expr) -> bool | None:
    """Return what a test comes to for a model with defaults, None when that is open."""
    text = ast.unparse(test)
    if "image_data_format" in text or "data_format" in text:
        return "channels_last" in text if "==" in text else None
    names = {n.id for n in ast.walk(test) if isinstance(n, ast.Name)}
    if not names or not names <= KNOWN.keys():
        return None
    return bool(eval(compile(ast.Expression(test), "", "eval"), {}, dict(KNOWN)))  # noqa: S307
