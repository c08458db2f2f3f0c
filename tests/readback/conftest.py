"""Limits for pages that would not end."""

from __future__ import annotations

import contextlib
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SECONDS, MEMORY = 10, 3 << 30


@pytest.fixture
def limited() -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Return a context in which neither time nor memory is unlimited."""

    @contextlib.contextmanager
    def limit() -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_AS)

        def give_up(*_: object) -> None:
            raise TimeoutError(f"no end after {SECONDS} seconds")

        handler = signal.signal(signal.SIGALRM, give_up)
        pages = Path("/proc/self/statm").read_text().split()[0]
        used = int(pages) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, before[1]))
        signal.alarm(SECONDS)
        try:
            yield
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, handler)
            resource.setrlimit(resource.RLIMIT_AS, before)

    return limit
