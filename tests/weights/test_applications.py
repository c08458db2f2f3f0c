"""The weights of keras.applications in every format; `applications` does all forty of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.weights.applications import THIRD, check


@pytest.mark.sweep
@pytest.mark.parametrize("name", THIRD)
def test_the_weights_of_an_application_come_back_bit_for_bit(name: str, tmp_path: Path) -> None:
    assert check(name, tmp_path) > 50
