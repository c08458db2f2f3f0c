"""Write checkpoints of small models with an old TensorFlow: `python write.py FOLDER`.

Needs nothing but a TensorFlow, 2.1 to 2.15, with its Python. The numbers of a weight follow from
its place in `model.weights`: `number + position / 1024`.
"""

import os
import shutil
import sys

import numpy as np
import tensorflow as tf

keras, layers = tf.keras, tf.keras.layers


def plain():
    """Return a chain of layers of most kinds, adapted numbers among them."""
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(3, 2),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.DepthwiseConv2D(2),
            layers.SeparableConv2D(4, 2, use_bias=False),
            layers.PReLU(shared_axes=[1, 2]),
            layers.Flatten(),
            layers.Dense(5),
            layers.LayerNormalization(),
            layers.Dense(5, trainable=False),
        ]
    )


def recurrent():
    """Return layers that have their weights in cells."""
    words = keras.Input((4,), dtype="int32")
    x = layers.Embedding(7, 3)(words)
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(x)
    x = layers.RNN([layers.GRUCell(2), layers.LSTMCell(3)], return_sequences=True)(x)
    x = layers.TimeDistributed(layers.Dense(2))(x)
    x, state = layers.GRU(3, return_sequences=True, return_state=True)(x)
    return keras.Model(words, [layers.SimpleRNN(2)(x), state])


def nested():
    """Return models inside models, one of them called twice, and one inside a wrapper."""
    leaf = keras.Sequential([layers.Dense(4), layers.BatchNormalization()], name="leaf")
    x = keras.Input((4,))
    middle = keras.Model(x, layers.Dense(4)(leaf(leaf(x))), name="middle")
    shared = layers.Dense(4)
    y = keras.Input((3, 4))
    step = keras.Sequential([keras.Input((4,)), layers.Dense(2), layers.PReLU()])
    first = layers.TimeDistributed(step)(y)
    return keras.Model([x, y], [shared(middle(shared(x))), layers.LSTM(2)(first)])


def attentive():
    """Return an attention and adapted numbers, which are not in TensorFlow 2.1."""
    x = keras.Input((3, 4))
    y = layers.Normalization()(x) if hasattr(layers, "Normalization") else x
    y = layers.MultiHeadAttention(2, 3)(x, y)
    y = layers.Attention(use_scale=True)([y, x])
    return keras.Model(x, layers.ConvLSTM2D(2, 1)(layers.Reshape((3, 2, 2, 1))(y)))


def fill(model):
    """Give every weight numbers of its own."""
    numbers = []
    for i, weight in enumerate(model.get_weights()):
        values = i + np.arange(weight.size).reshape(weight.shape) / 1024
        numbers.append(values.astype(weight.dtype))
    model.set_weights(numbers)


def write(folder, name, model):
    """Write a model as JSON, its weights, and a checkpoint of it with its optimizer."""
    fill(model)
    with open(os.path.join(folder, name + ".json"), "w") as file:
        file.write(model.to_json())
    model.save_weights(os.path.join(folder, name), save_format="tf")


def write_trained(folder, model):
    """Write a checkpoint of a model under a name, with an optimizer and a counter."""
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((1, 3)), np.ones((1, 2)))
    fill(model)
    with open(os.path.join(folder, "trained.json"), "w") as file:
        file.write(model.to_json())
    checkpoint = tf.train.Checkpoint(
        net=model, optimizer=model.optimizer, step=tf.Variable(7, dtype="int64")
    )
    tf.train.CheckpointManager(checkpoint, os.path.join(folder, "trained"), 1).save()


def write_saved_model(folder, model):
    """Write a SavedModel, and keep its variables."""
    fill(model)
    with open(os.path.join(folder, "whole.json"), "w") as file:
        file.write(model.to_json())
    whole = os.path.join(folder, "whole")
    model.save(whole, save_format="tf")
    for name in os.listdir(whole):
        path = os.path.join(whole, name)
        if name == "saved_model.pb":
            # It holds the functions of the model, which are large, and no weights.
            open(path, "w").close()
        elif os.path.isfile(path):
            os.remove(path)
        elif name != "variables":
            shutil.rmtree(path)


def write_named(folder):
    """Write a checkpoint as TensorFlow 1 did: by the names of the variables."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        keras.backend.set_session(session) if hasattr(keras.backend, "set_session") else (
            v1.keras.backend.set_session(session)
        )
        x = keras.Input((4,))
        y = layers.BatchNormalization()(layers.Dense(3)(x))
        z = layers.LSTM(2)(layers.Reshape((3, 1))(y))
        model = keras.Model(x, layers.Dense(3)(layers.Concatenate()([y, z])))
        loss = tf.reduce_mean(model.output)
        v1.train.AdamOptimizer().minimize(loss, v1.train.get_or_create_global_step())
        session.run(v1.global_variables_initializer())
        fill(model)
        with open(os.path.join(folder, "named.json"), "w") as file:
            file.write(model.to_json())
        saver = v1.train.Saver()
        saver.save(session, os.path.join(folder, "named.ckpt"), 3, write_meta_graph=False)


def write_words(folder):
    """Write a checkpoint of a vocabulary that was learned, which was a table in older versions."""
    text = layers.experimental.preprocessing.TextVectorization(
        name="text", output_sequence_length=3
    )
    text.adapt(np.array(["x y z", "y z", "z"]))
    words = keras.Input((1,), dtype="string")
    x = layers.Flatten()(layers.Embedding(9, 2)(text(words)))
    model = keras.Model(words, layers.Dense(2)(x))
    for i, weight in enumerate(model.trainable_weights):
        size = weight.numpy().size
        weight.assign(i + np.arange(size).reshape(weight.shape) / 1024)
    with open(os.path.join(folder, "words.json"), "w") as file:
        file.write(model.to_json())
    model.save_weights(os.path.join(folder, "words"), save_format="tf")


def write_lookups(folder, kinds):
    """Write a checkpoint of all that looks words up; newer versions keep no words in it."""
    look, ints = kinds.StringLookup(name="look"), kinds.IntegerLookup(name="ints")
    text = kinds.TextVectorization(name="text", output_sequence_length=3)
    look.adapt(np.array([["a"], ["b"], ["b"]]))
    ints.adapt(np.array([[5], [7], [7]]))
    text.adapt(np.array(["x y z", "y z", "z"]))
    words, numbers = keras.Input((1,), dtype="string"), keras.Input((1,), dtype="int64")
    tables = [look(words), ints(numbers), text(words)]
    parts = [layers.Flatten()(layers.Embedding(9, 2)(table)) for table in tables]
    model = keras.Model([words, numbers], layers.Dense(2)(layers.Concatenate()(parts)))
    for i, weight in enumerate(model.trainable_weights):
        size = weight.numpy().size
        weight.assign(i + np.arange(size).reshape(weight.shape) / 1024)
    with open(os.path.join(folder, "lookups.json"), "w") as file:
        file.write(model.to_json())
    model.save_weights(os.path.join(folder, "lookups"), save_format="tf")


def main(folder):
    """Write everything that this TensorFlow can."""
    os.makedirs(folder)
    models = [plain, recurrent, nested] + [attentive] * hasattr(layers, "MultiHeadAttention")
    for make in models:
        keras.backend.clear_session()
        write(folder, make.__name__, make())
    keras.backend.clear_session()
    write_trained(folder, keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(2)]))
    keras.backend.clear_session()
    write_saved_model(folder, recurrent())
    keras.backend.clear_session()
    if not hasattr(layers, "TextVectorization"):
        write_words(folder)
        keras.backend.clear_session()
    kinds = layers if hasattr(layers, "StringLookup") else layers.experimental.preprocessing
    if hasattr(kinds, "StringLookup"):
        write_lookups(folder, kinds)
        keras.backend.clear_session()
    write_named(folder)


main(sys.argv[1])
