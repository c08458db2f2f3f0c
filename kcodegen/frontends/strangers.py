"""JSON that other programs write, told apart by its keys, so that the error says what it is."""

from __future__ import annotations

from kcodegen.diagnostics import CompileError
from kcodegen.ir.document import Json, Node
from kcodegen.records import record

_KERAS_ONLY = "kcodegen reads Keras models only"
_RAW = "download the raw file itself"
_WITHOUT_LAYERS = "give the file that model.to_json() or model.save() wrote"


@record(frozen=True)
class Stranger:
    """A kind of JSON that is no architecture of Keras: it has all of `keys` at its root.

    With `inner` the first item of its `layers` has that key.
    """

    what: str
    keys: tuple[str, ...]
    hint: str = _KERAS_ONLY
    inner: str = ""

    def matches(self, fields: dict[str, Json]) -> bool:
        """Tell whether an object is of this kind."""
        layers = fields.get("layers")
        first = layers[0] if isinstance(layers, list) and layers else None
        has_inner = not self.inner or (isinstance(first, dict) and self.inner in first)
        return has_inner and all(key in fields for key in self.keys)


_DL4J_HINT = "import the Keras model itself, from which DL4J made it, or write it by hand"
STRANGERS: tuple[Stranger, ...] = (
    Stranger("a Deeplearning4j network", ("confs",), _DL4J_HINT),
    Stranger("a Deeplearning4j graph", ("vertices", "vertexInputs"), _DL4J_HINT),
    Stranger(
        "an lwtnn network",
        ("layers",),
        "give the Keras JSON file that kerasfunc2json.py or keras2json.py was given",
        "architecture",
    ),
    Stranger("a Deeplearning4j layer", ("@class",), _DL4J_HINT),
    Stranger("a frugally-deep model", ("architecture", "trainable_params"), _WITHOUT_LAYERS),
    Stranger("an XGBoost model", ("learner",)),
    Stranger("a LightGBM model", ("tree_info", "max_feature_idx")),
    Stranger("a CatBoost model", ("features_info", "model_info")),
    Stranger("a Hugging Face configuration", ("model_type", "architectures")),
    Stranger("a Hugging Face configuration", ("transformers_version",)),
    Stranger("a Hugging Face configuration", ("model_type", "hidden_size")),
    Stranger("a Hugging Face configuration", ("model_type", "torch_dtype")),
    Stranger("a Diffusers configuration", ("_class_name", "_diffusers_version")),
    Stranger("a Hugging Face tokenizer", ("added_tokens", "normalizer")),
    Stranger("a Hugging Face tokenizer", ("tokenizer_class",)),
    Stranger("the settings of an image processor", ("image_processor_type",)),
    Stranger(
        "the index of safetensors files",
        ("weight_map", "metadata"),
        "it says where weights lie: give the architecture, and this file with --weights",
    ),
    Stranger("an ONNX graph in JSON", ("irVersion", "graph")),
    Stranger("an ONNX graph in JSON", ("ir_version", "graph")),
    Stranger("a TensorFlow graph in JSON", ("node", "versions"), _WITHOUT_LAYERS),
    Stranger("a TensorFlow graph in JSON", ("node", "library"), _WITHOUT_LAYERS),
    Stranger("an MXNet symbol", ("nodes", "arg_nodes", "heads")),
    Stranger("a ConvNetJS network", ("layers",), _KERAS_ONLY, "layer_type"),
    Stranger("a Brain.js network", ("sizes", "layers")),
    Stranger("a notebook", ("cells", "nbformat"), "run it and save `model.to_json()`"),
    Stranger("the weights manifest of TensorFlow.js", ("weightsManifest",), _WITHOUT_LAYERS),
    Stranger("Keras' own settings", ("floatx", "backend"), _WITHOUT_LAYERS),
    Stranger(
        "the metadata.json of a KerasHub preset",
        ("keras_version", "keras_hub_version"),
        "give its config.json",
    ),
    Stranger(
        "the metadata.json of a KerasNLP preset",
        ("keras_version", "keras_nlp_version"),
        "give its config.json",
    ),
    Stranger(
        "the metadata.json of a .keras file",
        ("keras_version", "date_saved"),
        "give the .keras file, or its config.json",
    ),
    Stranger("a training history", ("loss", "val_loss"), _WITHOUT_LAYERS),
    Stranger("an error message of GitHub", ("message", "documentation_url"), _RAW),
    Stranger("a file wrapped by GitHub's API", ("sha", "content", "encoding"), _RAW),
    Stranger("a list of annotated images", ("images", "annotations"), _KERAS_ONLY),
    Stranger("the package.json of a program", ("name", "version", "dependencies"), _KERAS_ONLY),
)
"""The first row that matches names the file."""


def stranger(root: Node) -> CompileError | None:
    """Return the error for the JSON of another program, None when it is not known."""
    match root.value:
        case {"class_name": "Tokenizer", "config": {"word_index": _}}:
            message = "this is a Tokenizer, which prepares texts: Keras 3 has none, and no model"
            return root.error("not-keras", message, "use keras.layers.TextVectorization")
        case {"class_name": _}:
            return None
        case [{"paths": _, "weights": _}, *_]:
            message = "this is the weights manifest of TensorFlow.js, not a Keras model"
            return root.error("not-keras", message, _WITHOUT_LAYERS)
        case [{"nodeid": _, **rest}, *_] if "split" in rest or "leaf" in rest:
            message = "this is the trees of an XGBoost model, not a Keras model"
            return root.error("not-keras", message, _KERAS_ONLY)
        case dict() as fields:
            for row in STRANGERS:
                if row.matches(fields):
                    message = f"this is {row.what}, not a Keras model"
                    return root.error("not-keras", message, row.hint)
    return None
