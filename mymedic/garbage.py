"""Long work that makes much that stays, and nothing that leads back to itself."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Meanwhile nothing is looked through for garbage. Where millions of things are remembered, looking through them
    again and again is a third of the time, and finds nothing; what nobody refers to is given back all the same.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
