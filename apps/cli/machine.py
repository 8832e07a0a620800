"""Where the command line meets the machine: what it refuses, told as one of our refusals, and text in UTF-8."""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import Sequence

from mymedic.errors import Refused

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def refusal_of(error: OSError) -> Refused:
    """STORE_FULL or STORE_UNAVAILABLE, with the file and what the machine said of it: any word may meet either."""
    said = error.strerror or str(error) or type(error).__name__
    if error.errno in FULL:
        return Refused("STORE_FULL", f"there is no room left to write: {said}", file=error.filename)
    return Refused("STORE_UNAVAILABLE", f"it cannot be read or written: {said}", file=error.filename)


def in_utf8(arguments: Sequence[str]) -> None:
    """What is said and printed is UTF-8, whatever the locale says: names of people are in every script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    for number, argument in enumerate(arguments, 1):
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            raise Refused("VALIDATION_FAILED", f"word {number} is not UTF-8: {argument!a}") from error
