"""The landing border, checked in a process of its own while the build goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import msgspec

from pipelines.borders.result import BorderResult

# Called, it waits for the results.
Results = Callable[[], list[BorderResult]]
# Starts to check the landing border of some tenants; leaving the block ends the check, finished or not.
Border = Callable[[Path, Sequence[str]], AbstractContextManager[Results]]


@contextmanager
def landing_border_beside(landing_dir: Path, tenant_ids: Sequence[str]) -> Iterator[Results]:
    """A process that ends without results is one failed result."""
    # Files, not pipes: nobody reads before the end, and a full pipe would block the process.
    with TemporaryFile() as out, TemporaryFile() as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.borders", "landing", str(landing_dir), *tenant_ids],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        try:
            yield lambda: _results(process, out, err)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def _results(process: subprocess.Popen[bytes], out: IO[bytes], err: IO[bytes]) -> list[BorderResult]:
    code = process.wait()
    out.seek(0)
    err.seek(0)
    if code == 0:
        return msgspec.json.decode(out.read(), type=list[BorderResult])
    last_words = err.read().decode(errors="replace").strip()[-500:]
    return [BorderResult("landing", "the_border_is_checked", False, 0, f"it ended with {code}: {last_words}")]
