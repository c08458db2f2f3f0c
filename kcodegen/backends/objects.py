"""Single objects: what the function is called that builds one, and what several places share."""

from __future__ import annotations

from collections import Counter

from kcodegen.ir.values import Obj, Value, walk

# kind -> (function, what it returns)
OBJECT_BUILDERS: dict[str, tuple[str, str]] = {
    "layer": ("build_layer", "keras.Layer"),
    "optimizer": ("build_optimizer", "keras.Optimizer"),
    "learning_rate_schedule": (
        "build_learning_rate_schedule",
        "keras.optimizers.schedules.LearningRateSchedule",
    ),
    "loss": ("build_loss", "keras.Loss"),
    "metric": ("build_metric", "keras.Metric"),
    "initializer": ("build_initializer", "keras.Initializer"),
    "regularizer": ("build_regularizer", "keras.Regularizer"),
    "constraint": ("build_constraint", "keras.constraints.Constraint"),
    "dtype_policy": ("build_dtype_policy", "keras.DTypePolicy"),
    "quantizer": ("build_quantizer", "keras.Quantizer"),
    "quantization_config": (
        "build_quantization_config",
        "keras.quantizers.QuantizationConfig",
    ),
    "seed_generator": ("build_seed_generator", "keras.random.SeedGenerator"),
    "function": ("build_function", "object"),
    "operation": ("build_operation", "keras.Operation"),
    "objects": ("build_objects", "list"),
    "mapping": ("build_objects", "dict"),
}


def shared_objects(value: Value) -> list[tuple[int, Obj]]:
    """Return the objects that several places share, by tag, each before what holds it."""
    counts: Counter[int] = Counter()
    first: dict[int, Obj] = {}
    for item in walk(value):
        if isinstance(item, Obj) and item.tag is not None:
            counts[item.tag] += 1
            first.setdefault(item.tag, item)
    shared = [(tag, obj) for tag, obj in first.items() if counts[tag] > 1]
    return sorted(shared, key=lambda pair: sum(1 for _ in walk(pair[1])))
