"""Random models of Keras: any wiring, any nesting, names of all kinds."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from kcodegen.verification.rebuild import fresh_keras

WIDTH = 4  # every tensor is (None, WIDTH), so that any two of them fit together
NAMES = ("head", "block", "x", "dense_50", "stage2_unit1", "a-b", "class", "Encoder", "1st")


class Maker:
    """Makes one random model after another from one source of chance."""

    def __init__(self, seed: int) -> None:
        self.keras = fresh_keras()
        self.chance = random.Random(seed)
        self.used: set[str] = set()

    def name(self) -> dict[str, Any]:
        """Return a name to give to a layer, more often none."""
        if self.chance.random() < 0.6:
            return {}
        stem = self.chance.choice(NAMES)
        name = stem if stem not in self.used else f"{stem}_{len(self.used)}"
        self.used.add(name)
        return {"name": name}

    def layer(self) -> Any:
        """Return a layer from WIDTH to WIDTH."""
        layers, name = self.keras.layers, self.name()
        made: list[Callable[[], Any]] = [
            lambda: layers.Dense(WIDTH, activation=self.chance.choice([None, "relu"]), **name),
            lambda: layers.Dense(WIDTH, use_bias=False, kernel_initializer="he_normal", **name),
            lambda: layers.BatchNormalization(momentum=self.chance.choice([0.99, 0.9]), **name),
            lambda: layers.LayerNormalization(**name),
            lambda: layers.Activation(self.chance.choice(["tanh", "gelu"]), **name),
            lambda: layers.Dropout(self.chance.choice([0.1, 0.5]), **name),
            lambda: layers.ReLU(**name),
            lambda: layers.LeakyReLU(negative_slope=0.1, **name),
        ]
        layer = self.chance.choice(made)()
        if self.chance.random() < 0.1:
            layer.trainable = False
        return layer

    def join(self, tensors: list[Any]) -> Any:
        """Return one tensor made of several."""
        layers, ops = self.keras.layers, self.keras.ops
        match self.chance.randrange(6):
            case 0:
                return layers.Add(**self.name())(tensors)
            case 1:
                return layers.Average(**self.name())(tensors)
            case 2:
                wide = layers.Concatenate(**self.name())(tensors)
                return layers.Dense(WIDTH, **self.name())(wide)
            case 3:
                return tensors[0] * 0.5 + tensors[-1]
            case 4:
                return ops.maximum(tensors[0], ops.exp(tensors[-1]))
            case _:
                return ops.mean(ops.stack(tensors, axis=1), axis=1)

    def sequential(self, depth: int) -> Any:
        """Return a Sequential model from WIDTH to WIDTH."""
        parts = [self.part(depth - 1) for _ in range(self.chance.randint(1, 3))]
        first = [self.keras.Input((WIDTH,))] if self.chance.random() < 0.7 else []
        return self.keras.Sequential([*first, *parts], **self.name())

    def part(self, depth: int) -> Any:
        """Return a layer, or at some depth a model that is used as one."""
        if depth > 0 and self.chance.random() < 0.3:
            nested = self.sequential if self.chance.random() < 0.5 else self.functional
            return nested(depth - 1)
        return self.layer()

    def functional(self, depth: int, most: int = 1) -> Any:
        """Return a functional model with one tensor at each end, or up to `most`."""
        inputs = [
            self.keras.Input((WIDTH,), **self.name()) for _ in range(self.chance.randint(1, most))
        ]
        tensors, waiting = list(inputs), list(inputs)
        parts: list[Any] = []
        for _ in range(self.chance.randint(2, 4 + 5 * depth)):
            if not parts or self.chance.random() < 0.75:
                parts.append(self.part(depth))
            source = waiting.pop(self.chance.randrange(len(waiting)))
            made = self.chance.choice(parts[-2:])(source)
            if self.chance.random() < 0.4:
                made = self.join([made, self.chance.choice(tensors)])
            tensors.append(made)
            waiting.append(made)
            if self.chance.random() < 0.2:
                waiting.append(source)
        last = self.join(waiting) if len(waiting) > 1 else waiting[0]
        outputs = [last, tensors[-2]][: self.chance.randint(1, most)]
        ends = self.ends(outputs) if most > 1 else outputs[0]
        return self.keras.Model(inputs if most > 1 else inputs[0], ends, **self.name())

    def ends(self, outputs: list[Any]) -> Any:
        """Return outputs alone, in a list, or in a dict."""
        match self.chance.randrange(3):
            case 0 if len(outputs) == 1:
                return outputs[0]
            case 1:
                return {f"out{i}": tensor for i, tensor in enumerate(outputs)}
            case _:
                return outputs

    def model(self) -> Any:
        """Return a model, now and then after layers that it does not use, now and then compiled."""
        for _ in range(self.chance.choice([0, 0, 0, 2])):
            self.layer()
        model = self.sequential(2) if self.chance.random() < 0.2 else self.functional(2, most=3)
        if self.chance.random() < 0.3:
            optimizer = self.keras.optimizers.SGD(0.25, momentum=self.chance.choice([0.0, 0.5]))
            model.compile(optimizer, loss="mse")
        return model
