"""Nets that generate, compare or hold others: critics, twins, encoders inside models."""

from __future__ import annotations

import keras
from keras import layers, ops


def dcgan_generator():
    noise = keras.Input((100,))
    x = layers.Reshape((4, 4, 256))(layers.Dense(4 * 4 * 256, use_bias=False)(noise))
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    for filters in (128, 64, 32):
        x = layers.Conv2DTranspose(filters, 5, strides=2, padding="same", use_bias=False)(x)
        x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    x = layers.Conv2DTranspose(3, 5, strides=2, padding="same", activation="tanh")(x)
    return keras.Model(noise, x, name="generator")


def dcgan_critic():
    image = keras.Input((64, 64, 3))
    x = image
    for filters in (64, 128, 256, 512):
        x = layers.Conv2D(filters, 5, strides=2, padding="same")(x)
        x = layers.Dropout(0.3)(layers.LeakyReLU(0.2)(x))
    return keras.Model(image, layers.Dense(1)(layers.Flatten()(x)), name="critic")


def cyclegan_generator():
    image = keras.Input((64, 64, 3))
    x = layers.Activation("relu")(layers.Conv2D(32, 7, padding="same")(image))
    for filters in (64, 128):
        x = layers.Conv2D(filters, 3, strides=2, padding="same")(x)
        x = layers.Activation("relu")(layers.GroupNormalization(-1)(x))
    for _ in range(9):
        y = layers.Conv2D(128, 3, padding="same")(x)
        y = layers.Activation("relu")(layers.GroupNormalization(-1)(y))
        y = layers.GroupNormalization(-1)(layers.Conv2D(128, 3, padding="same")(y))
        x = layers.Add()([x, y])
    for filters in (64, 32):
        x = layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x)
        x = layers.Activation("relu")(layers.GroupNormalization(-1)(x))
    x = layers.Conv2D(3, 7, padding="same", activation="tanh")(x)
    return keras.Model(image, x, name="cyclegan")


def siamese():
    left, right = keras.Input((64,), name="left"), keras.Input((64,), name="right")
    shared = [
        layers.Dense(units, activation="relu", name=f"shared{units}") for units in (64, 32, 16)
    ]

    def encode(x):
        for layer in shared:
            x = layer(x)
        return x

    distance = ops.absolute(encode(left) - encode(right))
    x = layers.Dense(1, activation="sigmoid", name="same")(distance)
    return keras.Model([left, right], x, name="siamese")


def triplet():
    image = keras.Input((32, 32, 3))
    x = image
    for filters in (16, 32, 64):
        x = layers.Conv2D(filters, 3, activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    encoder = keras.Model(image, layers.Dense(32)(layers.Flatten()(x)), name="encoder")
    inputs = [keras.Input((32, 32, 3), name=name) for name in ("anchor", "positive", "negative")]
    codes = [encoder(one) for one in inputs]
    near = layers.Dot(1, normalize=True, name="near")(codes[:2])
    far = layers.Dot(1, normalize=True, name="far")([codes[0], codes[2]])
    return keras.Model(inputs, [near, far], name="triplet")


def autoencoder():
    image = keras.Input((32, 32, 1))
    x = image
    for filters in (64, 32, 16):
        x = layers.MaxPooling2D()(layers.Conv2D(filters, 3, activation="relu", padding="same")(x))
    for filters in (16, 32, 64):
        x = layers.UpSampling2D()(layers.Conv2D(filters, 3, activation="relu", padding="same")(x))
    return keras.Model(image, layers.Conv2D(1, 3, padding="same")(x), name="autoencoder")


def blocks_of_sequentials():
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(32, 3, padding="same", name="stem")(image)
    for i, filters in enumerate((32, 64, 64, 128, 128)):
        x = keras.Sequential(
            [
                layers.Conv2D(filters, 3, padding="same", name=f"conv_{i}"),
                layers.BatchNormalization(name=f"bn_{i}"),
                layers.ReLU(name=f"relu_{i}"),
            ],
            name=f"block_{i}",
        )(x)
    return keras.Model(image, x, name="blocks_of_sequentials")


def multi_task():
    features = keras.Input((64,), name="features")
    x = features
    for i in range(3):
        x = layers.Dense(128, activation="relu", name=f"trunk{i}")(x)
    heads = {}
    for task, classes in (("age", 1), ("sex", 2), ("job", 40)):
        y = layers.Dense(32, activation="relu", name=f"{task}_hidden")(x)
        heads[task] = layers.Dense(classes, name=task)(y)
    return keras.Model(features, heads, name="multi_task")


def plain_chain():
    features = keras.Input((64,))
    x = features
    for i in range(1000):
        x = layers.Dense(64, activation="relu", name=f"layer_{i}")(x)
    return keras.Model(features, x, name="plain_chain")


NETS = (
    *(dcgan_generator, dcgan_critic, cyclegan_generator, siamese, triplet, autoencoder),
    *(blocks_of_sequentials, multi_task),
)
