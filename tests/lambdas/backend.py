"""The functions of `keras.backend` as Keras 2 had them, for what the tests call."""

from __future__ import annotations

import keras as real
import tensorflow as tf
from keras.src.legacy import backend as kept


class OldBackend:
    """Copied in meaning from `keras/backend.py` of tf.keras 2.15, where Keras 3 has not kept it."""

    batch_dot = kept.batch_dot
    batch_flatten = kept.batch_flatten
    hard_sigmoid = kept.hard_sigmoid
    relu = kept.relu
    resize_images = kept.resize_images
    switch = kept.switch
    temporal_padding = kept.temporal_padding

    epsilon = real.config.epsilon

    abs = tf.abs
    square = tf.square
    sigmoid = tf.sigmoid
    reshape = tf.reshape
    clip = tf.clip_by_value
    cast = tf.cast
    stack = tf.stack

    @staticmethod
    def mean(x, axis=None, keepdims=False):
        return tf.reduce_mean(x, axis, keepdims)

    @staticmethod
    def sum(x, axis=None, keepdims=False):
        return tf.reduce_sum(x, axis, keepdims)

    @staticmethod
    def expand_dims(x, axis=-1):
        return tf.expand_dims(x, axis)

    @staticmethod
    def concatenate(tensors, axis=-1):
        return tf.concat(tensors, axis)

    @staticmethod
    def permute_dimensions(x, pattern):
        return tf.transpose(x, perm=pattern)

    @staticmethod
    def sqrt(x):
        return tf.sqrt(tf.maximum(x, 0.0))

    @staticmethod
    def l2_normalize(x, axis=None):
        return tf.math.l2_normalize(x, axis=axis)

    @staticmethod
    def argmax(x, axis=-1):
        return tf.argmax(x, axis)

    @staticmethod
    def int_shape(x):
        return tuple(x.shape.as_list())
