"""A process that builds a home's warehouses and says on stdout which step it is in, so that it can be killed there."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.worlds import build_aloud


def main() -> None:
    home, *tenants = sys.argv[1:]
    build_aloud(Path(home), tenants, lambda step: print(step, flush=True))
    print("done", flush=True)


if __name__ == "__main__":
    main()
