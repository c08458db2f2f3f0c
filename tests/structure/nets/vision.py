"""Nets for images, as libraries and papers write them."""

from __future__ import annotations

import keras
from keras import layers, ops


def conv_bn_relu(x, filters, kernel_size=3, strides=1, name=None, **kwargs):
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=False,
        name=name and f"{name}_conv",
        **kwargs,
    )(x)
    x = layers.BatchNormalization(name=name and f"{name}_bn")(x)
    return layers.ReLU(name=name and f"{name}_relu")(x)


def vit(depth=12, named=False):
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(64, 4, strides=4, name="patches" if named else None)(image)
    x = layers.Reshape((64, 64))(x)
    for i in range(depth):
        name = (lambda word, i=i: f"encoder_{i}_{word}") if named else (lambda word: None)
        y = layers.LayerNormalization(epsilon=1e-6, name=name("norm1"))(x)
        y = layers.MultiHeadAttention(4, 16, dropout=0.1, name=name("attention"))(y, y)
        x = layers.Add(name=name("add1"))([x, y])
        y = layers.LayerNormalization(epsilon=1e-6, name=name("norm2"))(x)
        y = layers.Dense(128, activation="gelu", name=name("mlp1"))(y)
        y = layers.Dropout(0.1, name=name("drop"))(y)
        y = layers.Dense(64, name=name("mlp2"))(y)
        x = layers.Add(name=name("add2"))([x, y])
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(image, layers.Dense(10)(x), name="vit")


def vit_with_ops():
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(64, 4, strides=4)(image)
    x = layers.Reshape((64, 64))(x)
    for _ in range(12):
        y = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(4, 16)(y, y)
        y = layers.LayerNormalization()(x)
        x = x + layers.Dense(64)(layers.Dense(128, activation="gelu")(y))
    return keras.Model(image, layers.Dense(10)(layers.Flatten()(x)), name="vit_with_ops")


def swin():
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(32, 2, strides=2, name="embed")(image)
    size, width = 16, 32
    for stage, blocks in enumerate((2, 2, 6), start=1):
        for block in range(blocks):
            name = f"stage{stage}_block{block}"
            y = layers.LayerNormalization(name=f"{name}_norm1")(x)
            y = layers.Reshape((size * size, width), name=f"{name}_windows")(y)
            y = layers.MultiHeadAttention(4, width // 4, name=f"{name}_attention")(y, y)
            y = layers.Reshape((size, size, width), name=f"{name}_merge")(y)
            x = layers.Add(name=f"{name}_add1")([x, y])
            y = layers.LayerNormalization(name=f"{name}_norm2")(x)
            y = layers.Dense(4 * width, activation="gelu", name=f"{name}_fc1")(y)
            y = layers.Dense(width, name=f"{name}_fc2")(y)
            x = layers.Add(name=f"{name}_add2")([x, y])
        if stage < 3:
            size, width = size // 2, width * 2
            x = layers.Conv2D(width, 2, strides=2, name=f"stage{stage}_down")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10, name="head")(x), name="swin")


def deeplab():
    image = keras.Input((64, 64, 3), name="image")
    x = conv_bn_relu(image, 32, strides=2, name="stem")
    low = x = conv_bn_relu(x, 64, strides=2, name="block1")
    x = conv_bn_relu(x, 128, strides=2, name="block2")
    branches = [conv_bn_relu(x, 64, 1, name="aspp0")]
    for i, rate in enumerate((6, 12, 18), start=1):
        branches.append(conv_bn_relu(x, 64, 3, name=f"aspp{i}", dilation_rate=rate))
    pooled = layers.GlobalAveragePooling2D(keepdims=True, name="pool")(x)
    pooled = conv_bn_relu(pooled, 64, 1, name="pool")
    branches.append(layers.UpSampling2D(8, interpolation="bilinear", name="pool_up")(pooled))
    x = layers.Concatenate(name="aspp_concat")(branches)
    x = conv_bn_relu(x, 64, 1, name="projection")
    x = layers.UpSampling2D(2, interpolation="bilinear", name="up1")(x)
    x = layers.Concatenate(name="decoder_concat")([x, conv_bn_relu(low, 48, 1, name="low")])
    for i in range(1, 3):
        x = conv_bn_relu(x, 64, name=f"decoder{i}")
    x = layers.Conv2D(21, 1, name="logits")(x)
    x = layers.UpSampling2D(4, interpolation="bilinear", name="up2")(x)
    return keras.Model(image, x, name="deeplab")


def feature_pyramid():
    image = keras.Input((128, 128, 3))
    x, levels = image, []
    for i, filters in enumerate((32, 64, 128, 256), start=2):
        x = conv_bn_relu(x, filters, strides=2, name=f"c{i}")
        levels.append(x)
    top = layers.Conv2D(64, 1, name="lateral5")(levels[-1])
    outputs = [layers.Conv2D(64, 3, padding="same", name="p5")(top)]
    for i in (4, 3, 2):
        up = layers.UpSampling2D(name=f"up{i}")(top)
        top = layers.Add(name=f"merge{i}")(
            [layers.Conv2D(64, 1, name=f"lateral{i}")(levels[i - 2]), up]
        )
        outputs.append(layers.Conv2D(64, 3, padding="same", name=f"p{i}")(top))
    return keras.Model(image, outputs, name="feature_pyramid")


def hourglass():
    def residual(x, filters):
        y = conv_bn_relu(x, filters // 2, 1)
        y = conv_bn_relu(y, filters // 2, 3)
        y = layers.Conv2D(filters, 1)(y)
        if x.shape[-1] != filters:
            x = layers.Conv2D(filters, 1)(x)
        return layers.Add()([x, y])

    def module(x, depth):
        up = residual(x, 64)
        low = residual(layers.MaxPooling2D()(x), 64)
        low = module(low, depth - 1) if depth > 1 else residual(low, 64)
        low = layers.UpSampling2D()(residual(low, 64))
        return layers.Add()([up, low])

    image = keras.Input((64, 64, 3))
    x = residual(conv_bn_relu(image, 32, 7, strides=2), 64)
    for _ in range(2):
        x = module(x, 3)
        x = residual(x, 64)
    return keras.Model(image, layers.Conv2D(16, 1)(x), name="hourglass")


def yolo():
    def dark(x, filters, kernel_size, strides=1):
        x = layers.Conv2D(filters, kernel_size, strides=strides, padding="same", use_bias=False)(x)
        return layers.LeakyReLU(0.1)(layers.BatchNormalization()(x))

    image = keras.Input((128, 128, 3))
    x, routes = dark(image, 16, 3), []
    for filters, blocks in ((32, 1), (64, 2), (128, 4), (256, 4)):
        x = dark(x, filters, 3, strides=2)
        for _ in range(blocks):
            y = dark(dark(x, filters // 2, 1), filters, 3)
            x = layers.Add()([x, y])
        routes.append(x)
    outputs = []
    for i, filters in enumerate((128, 64, 32)):
        if i:
            x = layers.UpSampling2D()(dark(x, filters, 1))
            x = layers.Concatenate()([x, routes[-1 - i]])
        for _ in range(2):
            x = dark(dark(x, filters, 1), 2 * filters, 3)
        x = dark(x, filters, 1)
        outputs.append(layers.Conv2D(75, 1, name=f"yolo_{i}")(dark(x, 2 * filters, 3)))
    return keras.Model(image, outputs, name="yolo")


def unet(named=False):
    def double(x, filters, name):
        for i in (1, 2):
            x = conv_bn_relu(x, filters, name=name and f"{name}_{i}")
        return x

    image = keras.Input((64, 64, 3), name="image")
    x, skips = image, []
    for i, filters in enumerate((16, 32, 64, 128), start=1):
        x = double(x, filters, f"down{i}" if named else None)
        skips.append(x)
        x = layers.MaxPooling2D(name=f"down{i}_pool" if named else None)(x)
    x = double(x, 256, "bottom" if named else None)
    for i, filters in ((4, 128), (3, 64), (2, 32), (1, 16)):
        name = f"up{i}" if named else None
        x = layers.Conv2DTranspose(filters, 2, strides=2, name=name and f"{name}_up")(x)
        x = layers.Concatenate(name=name and f"{name}_concat")([x, skips.pop()])
        x = double(x, filters, name)
    return keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(x), name="unet")


def unet_with_dropout():
    image = keras.Input((64, 64, 1))
    x, skips = image, []
    for filters in (16, 32, 64):
        x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
        x = layers.Dropout(0.1)(x)
        x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
        skips.append(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(128, 3, activation="relu", padding="same")(x)
    for filters, skip in zip((64, 32, 16), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(filters, 2, strides=2, padding="same")(x)
        x = layers.concatenate([x, skip])
        x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
        x = layers.Dropout(0.1)(x)
        x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
    return keras.Model(image, layers.Conv2D(1, 1)(x), name="unet_with_dropout")


def unet_plus_plus():
    image = keras.Input((64, 64, 3))
    widths = (16, 32, 64, 128)
    grid = {}
    x = image
    for i, filters in enumerate(widths):
        x = conv_bn_relu(conv_bn_relu(x, filters), filters)
        grid[i, 0] = x
        x = layers.MaxPooling2D()(x)
    for j in range(1, len(widths)):
        for i in range(len(widths) - j):
            up = layers.Conv2DTranspose(widths[i], 2, strides=2)(grid[i + 1, j - 1])
            x = layers.Concatenate()([*(grid[i, k] for k in range(j)), up])
            grid[i, j] = conv_bn_relu(conv_bn_relu(x, widths[i]), widths[i])
    return keras.Model(image, layers.Conv2D(1, 1)(grid[0, 3]), name="unet_plus_plus")


def auto_resnet():
    def block(x, filters, strides=1, project=False):
        shortcut = x
        if project:
            shortcut = layers.Conv2D(4 * filters, 1, strides=strides)(x)
            shortcut = layers.BatchNormalization()(shortcut)
        x = conv_bn_relu(x, filters, 1, strides=strides)
        x = conv_bn_relu(x, filters, 3)
        x = layers.BatchNormalization()(layers.Conv2D(4 * filters, 1)(x))
        return layers.ReLU()(layers.Add()([shortcut, x]))

    image = keras.Input((64, 64, 3))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(conv_bn_relu(image, 64, 7, strides=2))
    for filters, blocks, strides in ((16, 3, 1), (32, 4, 2), (64, 6, 2), (128, 3, 2)):
        x = block(x, filters, strides, project=True)
        for _ in range(blocks - 1):
            x = block(x, filters)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10)(x), name="auto_resnet")


def wide_resnet():
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, padding="same", name="stem")(image)
    for group, filters in enumerate((32, 64, 128), start=1):
        for block in range(4):
            name = f"group{group}_block{block}"
            strides = 2 if group > 1 and block == 0 else 1
            y = layers.BatchNormalization(name=f"{name}_bn1")(x)
            y = layers.Activation("relu", name=f"{name}_relu1")(y)
            shortcut = x
            if block == 0:
                shortcut = layers.Conv2D(filters, 1, strides=strides, name=f"{name}_shortcut")(y)
            y = layers.Conv2D(filters, 3, strides=strides, padding="same", name=f"{name}_conv1")(y)
            y = layers.BatchNormalization(name=f"{name}_bn2")(y)
            y = layers.Activation("relu", name=f"{name}_relu2")(y)
            y = layers.Dropout(0.3, name=f"{name}_dropout")(y)
            y = layers.Conv2D(filters, 3, padding="same", name=f"{name}_conv2")(y)
            x = layers.Add(name=f"{name}_add")([shortcut, y])
    x = layers.GlobalAveragePooling2D()(layers.BatchNormalization()(x))
    return keras.Model(image, layers.Dense(10)(x), name="wide_resnet")


def squeezenet():
    image = keras.Input((64, 64, 3))
    x = layers.Conv2D(64, 3, strides=2, activation="relu", name="conv1")(image)
    for i, (squeeze, expand) in enumerate(((16, 64), (16, 64), (32, 128), (32, 128)), start=2):
        name = f"fire{i}"
        x = layers.Conv2D(squeeze, 1, activation="relu", name=f"{name}_squeeze")(x)
        left = layers.Conv2D(expand, 1, activation="relu", name=f"{name}_expand1x1")(x)
        right = layers.Conv2D(
            expand, 3, padding="same", activation="relu", name=f"{name}_expand3x3"
        )(x)
        x = layers.Concatenate(name=f"{name}_concat")([left, right])
        if i == 3:
            x = layers.MaxPooling2D(3, strides=2, name="pool3")(x)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(10, 1, name="conv10")(x))
    return keras.Model(image, x, name="squeezenet")


def mlp_mixer():
    image = keras.Input((32, 32, 3))
    x = layers.Reshape((64, 48))(layers.Conv2D(48, 4, strides=4)(image))
    for _ in range(8):
        y = layers.Permute((2, 1))(layers.LayerNormalization()(x))
        y = layers.Dense(64)(layers.Dense(32, activation="gelu")(y))
        x = layers.Add()([x, layers.Permute((2, 1))(y)])
        y = layers.LayerNormalization()(x)
        y = layers.Dense(48)(layers.Dense(128, activation="gelu")(y))
        x = layers.Add()([x, y])
    return keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling1D()(x)), name="mixer")


def convmixer():
    image = keras.Input((32, 32, 3))
    x = layers.BatchNormalization()(layers.Conv2D(64, 2, strides=2, activation="gelu")(image))
    for _ in range(16):
        y = layers.DepthwiseConv2D(5, padding="same", activation="gelu")(x)
        x = layers.Add()([layers.BatchNormalization()(y), x])
        x = layers.BatchNormalization()(layers.Conv2D(64, 1, activation="gelu")(x))
    return keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)), name="mixer2")


def inception_auto():
    image = keras.Input((64, 64, 3))
    x = conv_bn_relu(image, 32, strides=2)
    for one, three, five, pool in ((16, 32, 8, 8), (32, 48, 16, 16), (32, 64, 16, 24)):
        a = conv_bn_relu(x, one, 1)
        b = conv_bn_relu(conv_bn_relu(x, three // 2, 1), three, 3)
        c = conv_bn_relu(conv_bn_relu(x, five // 2, 1), five, 5)
        d = conv_bn_relu(layers.MaxPooling2D(3, strides=1, padding="same")(x), pool, 1)
        x = layers.Concatenate()([a, b, c, d])
    return keras.Model(image, layers.GlobalAveragePooling2D()(x), name="inception_auto")


def detector_heads():
    image = keras.Input((64, 64, 3))
    x, boxes, classes = image, [], []
    for i, filters in enumerate((32, 64, 128)):
        x = conv_bn_relu(x, filters, strides=2)
        box = layers.Conv2D(16, 3, padding="same", name=f"box{i}")(x)
        boxes.append(layers.Reshape((-1, 4), name=f"box{i}_flat")(box))
        label = layers.Conv2D(80, 3, padding="same", name=f"class{i}")(x)
        classes.append(layers.Reshape((-1, 20), name=f"class{i}_flat")(label))
    boxes = layers.Concatenate(axis=1, name="boxes")(boxes)
    classes = layers.Concatenate(axis=1, name="classes")(classes)
    return keras.Model(image, {"boxes": boxes, "classes": classes}, name="detector")


def gated_cnn():
    image = keras.Input((32, 32, 16))
    x = image
    for i in range(6):
        gate = ops.sigmoid(layers.Conv2D(16, 3, padding="same", name=f"gate{i}")(x))
        x = layers.Multiply(name=f"gated{i}")(
            [layers.Conv2D(16, 3, padding="same", name=f"value{i}")(x), gate]
        )
    return keras.Model(image, x, name="gated_cnn")


def vit_named():
    return vit(named=True)


def unet_named():
    return unet(named=True)


NETS = (
    *(vit, vit_named, vit_with_ops, swin, deeplab, feature_pyramid, hourglass, yolo, unet),
    *(unet_named, unet_with_dropout, unet_plus_plus, auto_resnet, wide_resnet, squeezenet),
    *(mlp_mixer, convmixer, inception_auto, detector_heads, gated_cnn),
)
