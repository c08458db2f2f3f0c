"""Files without an architecture, told apart by their first bytes: each is refused by its name.

What holds one is read: see `archives`.
"""

from __future__ import annotations

import re

from kcodegen.diagnostics import CompileError, rejected
from kcodegen.records import record
from kcodegen.words import prose

TO_JSON = "load the model where it was made and save `model.to_json()`"
_RAW = "download the raw file itself"
_KERAS_ONLY = "kcodegen reads Keras models only"


@record(frozen=True)
class Container:
    """One kind of file that is not JSON.

    `magic` matches its beginning, and every one of `clues` occurs somewhere in it. `{name}` in
    the hint stands for the file's name, `example` for a name that a shell would not take.
    A part of a SavedModel may say more: see `saved_model`.
    """

    what: str
    magic: re.Pattern[bytes]
    hint: str
    clues: tuple[bytes, ...] = ()
    example: str = "FILE"
    is_saved_model: bool = False

    def matches(self, data: bytes) -> bool:
        """Tell whether `data` is a file of this kind."""
        return self.magic.match(data) is not None and all(clue in data for clue in self.clues)

    def refusal(self, name: str) -> CompileError:
        """Return the error for a file of this kind called `name`."""
        # A name from strangers is a part of a shell command here: only a harmless one is used.
        plain = name and prose(name) == name and not name.startswith("-")
        hint = self.hint.format(name=name if plain else self.example)
        return rejected("not-json", f"this is {self.what}, not JSON", hint=hint)


def _magic(pattern: bytes) -> re.Pattern[bytes]:
    """Return a pattern of bytes in which a dot is any byte."""
    return re.compile(pattern, re.DOTALL)


_ZIP = _magic(rb"PK\x03\x04")

# The first row that matches names the file; special kinds stand before general ones.
CONTAINERS: tuple[Container, ...] = (
    Container("a PyTorch file", _ZIP, _KERAS_ONLY, (b"data.pkl",)),
    Container("a Core ML package", _ZIP, _KERAS_ONLY, (b"com.apple.CoreML",)),
    Container(
        "a Deeplearning4j model",
        _ZIP,
        "import the Keras model itself, from which DL4J made it",
        (b"configuration.json", b"coefficients.bin"),
    ),
    Container("a NumPy .npz archive", _ZIP, "it holds arrays, not an architecture", (b".npy",)),
    Container("a zip archive", _ZIP, "unzip it and name the JSON file in it"),
    Container(
        "a PyTorch file",
        _magic(rb"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"),
        _KERAS_ONLY,
    ),
    Container(
        "a Python pickle",
        _magic(rb"\x80[\x02-\x05]|\([dl]p0\n|[}\]]q\x00|c[a-zA-Z_][\w.]*\n\w+\n[pq(]"),
        "a pickle can run any code and is never opened; save `model.to_json()` instead",
    ),
    Container(
        "a compressed file, perhaps of joblib",
        _magic(rb"\x78[\x01\x5e\x9c\xda]"),
        "a pickle can run any code and is never opened; save `model.to_json()` instead",
    ),
    Container("a gzip file", _magic(rb"\x1f\x8b"), "gunzip -c {name} | kcodegen -"),
    Container("a bzip2 file", _magic(rb"BZh[1-9]"), "bunzip2 -c {name} | kcodegen -"),
    Container("an xz file", _magic(rb"\xfd7zXZ\x00"), "xz -dc {name} | kcodegen -"),
    Container("a Zstandard file", _magic(rb"\x28\xb5\x2f\xfd"), "zstd -dc {name} | kcodegen -"),
    Container(
        "a tar archive",
        _magic(rb"(?=.{257}ustar)[^\x00]+\x00"),
        "unpack it and name the JSON file in it",
    ),
    Container(
        "a 7-Zip or RAR archive",
        _magic(rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07"),
        "unpack it and name the JSON file in it",
    ),
    Container(
        "an image",
        _magic(rb"\x89PNG\r\n|\xff\xd8\xff|GIF8"),
        "save `model.to_json()`: no picture of a model holds all of it",
    ),
    Container("a PDF", _magic(rb"%PDF-"), _KERAS_ONLY),
    Container("a GGUF model", _magic(rb"GGUF.\x00\x00\x00"), _KERAS_ONLY),
    Container(
        "a NumPy .npy array",
        _magic(rb"\x93NUMPY"),
        "it holds weights; give the architecture's JSON file",
    ),
    Container("a TensorFlow Lite model", _magic(rb".{3}\x00TFL3"), TO_JSON),
    Container(
        "a safetensors file",
        _magic(rb".{1,6}\x00{2,7}\{\""),
        "it holds weights; give the architecture's JSON file",
    ),
    Container(
        "the graph of a TensorFlow SavedModel (saved_model.pb)",
        _magic(rb"\x08\x01\x12.{2,4}\n"),
        "name its folder, where keras_metadata.pb may hold the architecture; or " + TO_JSON,
        is_saved_model=True,
    ),
    Container(
        "what Keras wrote beside a SavedModel (keras_metadata.pb)",
        _magic(rb"\n.{1,5}?(\x08\x00)?(\x10.{1,5}?)?\x1a\x04root\x22"),
        TO_JSON,
        is_saved_model=True,
    ),
    Container(
        "a Core ML model",
        _magic(rb"\x08[\x01-\x0a]\x12.{1,3}?\n.{1,2}?\n.[ -~]"),
        _KERAS_ONLY,
    ),
    Container(
        "an ONNX model",
        _magic(rb"\x08[\x02-\x20][\x12\x1a\x3a\x42]"),
        _KERAS_ONLY,
    ),
    Container(
        "a TensorFlow GraphDef (.pb)",
        _magic(rb"\n.{1,4}\n.[!-~]+\x12.(Placeholder|Const|VarHandleOp|VariableV2|NoOp)"),
        TO_JSON,
    ),
    Container(
        "a TensorFlow graph as text (.pbtxt)",
        _magic(rb"\s*(node|library|versions|saved_model_schema_version|meta_graphs)\s*[:{]"),
        TO_JSON,
    ),
    Container("an ONNX model as text", _magic(rb"\s*ir_version:\s"), _KERAS_ONLY),
    Container(
        "the list of checkpoints of TensorFlow",
        _magic(rb"model_checkpoint_path:"),
        "a checkpoint holds weights; give the architecture's JSON file",
    ),
    Container("a Darknet configuration", _magic(rb"\s*(#[^\n]*\n\s*)*\[net\w*\]"), _KERAS_ONLY),
    Container(
        "a Git LFS pointer",
        _magic(rb"version https://git-lfs"),
        "fetch the file itself: git lfs pull",
    ),
    Container(
        "a PMML model",
        _magic(rb"\s*(<\?xml.{0,200}?\?>)?\s*<PMML"),
        _KERAS_ONLY,
    ),
    Container("an XML file", _magic(rb"\s*<\?xml"), _KERAS_ONLY),
    Container("a LightGBM model", _magic(rb"tree\r?\nversion="), _KERAS_ONLY),
    Container(
        "a Caffe network",
        _magic(rb"\s*(name|input|layers?)\s*(:\s*\"|\{)"),
        _KERAS_ONLY,
    ),
    Container("a MATLAB file", _magic(rb"MATLAB 5\.0 MAT-file"), _KERAS_ONLY),
    Container(
        "Python source",
        _magic(rb"\s*(#!|(import|from) [a-z_.]+)"),
        "run it and save `model.to_json()`",
    ),
    Container("a web page", _magic(rb"\s*<(!DOCTYPE|!doctype|html|HTML|head|body|!--)"), _RAW),
    Container("the answer of a server that has no such file", _magic(rb"404: Not Found"), _RAW),
    Container(
        "YAML",
        _magic(rb"(---\s*\n)?(backend|class_name|config|keras_version):\s"),
        'convert it: python -c "import json, yaml; '
        "print(json.dumps(yaml.safe_load(open('{name}'))))\" | kcodegen -",
        (),
        "model.yaml",
    ),
    Container(
        "a printed Python dict",
        _magic(rb"\s*\{\s*'"),
        "write it with `json.dumps(config)` instead of `print(config)`",
    ),
)


def recognise(data: bytes) -> Container | None:
    """Return the row of `CONTAINERS` that `data` belongs to, or None when it may be JSON."""
    return next((container for container in CONTAINERS if container.matches(data)), None)
