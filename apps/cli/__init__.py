"""The command `mymedic`. Nothing else is imported before `main` runs: an interrupt is to find it in charge."""

from __future__ import annotations

import sys

_INTERRUPTED = 128 + 2  # SIGINT


def main() -> None:
    """The entry point."""
    try:
        from apps.cli.words import run

        run()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
