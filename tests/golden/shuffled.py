"""Prints every golden's stages as JSON, compiled from sources with the keys of configs shuffled."""

from __future__ import annotations

import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.golden.stages import OPTIONS, SOURCE, Golden, goldens, stages

# The keys of these objects stand in the order of the page: it is the author's.
ORDERED = frozenset(
    """input_layers output_layers kwargs policy_map
    loss loss_weights metrics weighted_metrics""".split()
)


def shuffled(value: Any, rng: random.Random, is_ordered: bool = False) -> Any:
    """Return JSON whose objects have their keys in another order, where it means nothing."""
    if isinstance(value, list):
        return [shuffled(item, rng, is_ordered) for item in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    if not is_ordered:
        rng.shuffle(keys)
    custom = value.get("module") is None and value.get("registered_name") is not None
    inherited = custom or (is_ordered and "class_name" not in value)
    return {key: shuffled(value[key], rng, inherited or key in ORDERED) for key in keys}


def is_users_dict(source: Any) -> bool:
    """Tell whether a source is a dict of objects, in the order that its author gave them."""
    return isinstance(source, dict) and not {"class_name", "layers"} & source.keys()


def main(seed: str) -> None:
    rng = random.Random(seed)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for golden in goldens():
            copy = Golden(Path(folder, golden.folder.name))
            copy.folder.mkdir()
            source = json.loads((golden.folder / SOURCE).read_text("utf-8"))
            (copy.folder / SOURCE).write_text(
                json.dumps(shuffled(source, rng, is_users_dict(source))), "utf-8"
            )
            if golden.words:
                (copy.folder / OPTIONS).write_text(json.dumps(golden.words), "utf-8")
            found[golden.folder.name] = stages(copy)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
