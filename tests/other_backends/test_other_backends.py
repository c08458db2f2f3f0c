"""Pages for Keras 3 load weights bit for bit on every backend, with either loader.

These tests need what `pip install -e ".[backends]"` installs, and are run by `pytest -m backends`.
"""

from __future__ import annotations

import pytest

from tests.other_backends.groups import BACKENDS, GROUPS, SIZES
from tests.other_backends.processes import found, is_as_expected, is_installed
from tests.other_backends.wrong import WRONG


@pytest.mark.backends
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("group", GROUPS)
def test_pages_load_on_every_backend(group: str, backend: str) -> None:
    """A row of `wrong.py` that is right by now fails, too."""
    if not is_installed(backend):
        pytest.fail(f'{backend} is not installed: pip install -e ".[backends]"')
    rows = found(group, backend)
    wrong = [
        f"{row['name']}: {'; '.join(row['problems']) or 'is right now, take it out of wrong.py'}"
        for row in rows
        if not is_as_expected(row)
    ]
    assert not wrong, "\n".join([f"{group} on {backend}", *wrong])
    assert {row["backend"] for row in rows} == {backend}
    assert len(rows) == SIZES[group]


@pytest.mark.backends
def test_what_is_wrong_says_why() -> None:
    """No row lets anything pass, or names a backend that there is not."""
    for row in WRONG:
        assert row.words
        assert row.names
        assert set(row.backends) <= set(BACKENDS)
