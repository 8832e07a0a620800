"""A secret of the installation's own making, in a file that only its owner may read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def secret_at(path: Path, make: Callable[[], bytes]) -> bytes:
    """What the file holds; made when it is not there. The first of several processes makes it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)  # fails when another process was faster: then its secret is the secret
        except FileExistsError:
            pass
        finally:
            os.unlink(partial)
    return path.read_bytes()
