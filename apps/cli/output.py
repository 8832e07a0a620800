"""What is printed, where nobody takes it: a full disk, a closed file, a reader that has seen enough (`| head`)."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from apps.cli.console import explain
from apps.cli.machine import FULL
from mymedic.errors import Refused

_READER_LEFT = 128 + 13  # SIGPIPE


class Output(io.TextIOWrapper):
    """A standard stream that remembers why it could not be written."""

    def __init__(self, number: int, is_line_by_line: bool) -> None:
        self._file = _File(number, "w", closefd=False)
        super().__init__(io.BufferedWriter(self._file), encoding="utf-8", line_buffering=is_line_by_line)

    @property
    def failure(self) -> OSError | None:
        with suppress(OSError):
            self.flush()
        return self._file.failure

    def silence(self) -> None:
        """Or Python tries again when it ends, and then its exit code is 120."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


class _File(io.FileIO):
    failure: OSError | None = None

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.failure = error
            raise


@contextmanager
def looked_after() -> Iterator[Output | None]:
    """The standard output; None where it is no file. If what was printed cannot be written, the exit code is 1, with a
    line on stderr; where only the reader has left, it is 141 without a word, as a shell tells of SIGPIPE.
    """
    _open_what_is_closed()
    before = sys.stdout, sys.stderr
    try:
        sys.stdout, sys.stderr = out, err = [Output(one.fileno(), bool(one.line_buffering)) for one in before]
    except io.UnsupportedOperation:
        yield None
        return
    try:
        yield out
    except (OSError, SystemExit):
        if out.failure is None:
            raise
    finally:
        if out.failure is not None and out.failure.errno != errno.EPIPE:
            explain(_cannot_print(out.failure), is_json=False)
        for one in (out, err):
            if one.failure is not None:
                one.silence()
        sys.stdout, sys.stderr = before
    if out.failure is not None:
        sys.exit(_READER_LEFT if out.failure.errno == errno.EPIPE else 1)


def _cannot_print(error: OSError) -> Refused:
    code = "STORE_FULL" if error.errno in FULL else "STORE_UNAVAILABLE"
    message = f"what this prints cannot be written ({error.strerror}); send it to a file or a pipe that takes it"
    return Refused(code, message, file="standard output")


def _open_what_is_closed() -> None:
    """Or the next file that is opened, which may be a database, becomes the standard output. What was closed (`>&-`) is
    opened for reading, so that writing to it goes on to fail.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))
