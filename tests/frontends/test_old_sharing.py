"""Layers that stand in a file twice: perhaps one layer, which nothing tells."""

from __future__ import annotations

from tests.frontends.old_documents import dense, nested, old_layer, old_model, warnings_of

A = [["a", 0, 0, {}]]


def test_a_layer_beside_itself_in_a_wrapper():
    wrapped = old_layer("t", "TimeDistributed", A, layer=dense("d"))
    found = warnings_of(old_model(wrapped, dense("d", [["t", 0, 0, {}]])))["repeated-layer"]
    assert found.message.startswith("d: defined more than once")
    assert "shared" not in found.message


def test_layers_that_only_share_a_name_are_two():
    wrapped = old_layer("t", "TimeDistributed", A, layer=dense("d", units=5))
    assert not warnings_of(old_model(wrapped, dense("d", [["t", 0, 0, {}]])))


def test_a_model_called_twice_stands_there_once():
    twice = nested("inner", A, [["inner", 1, 0, {}]])
    assert not warnings_of(old_model(twice, outputs=[["inner", 2, 0]]))
