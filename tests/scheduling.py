"""Which tests run in one process: those that look at the same world, so that it is made once."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# Beginning of a test file's path -> its group. The groups that take longest come first in the collected order.
GROUPS = {
    "tests/e2e/test_truth": "worlds",
    "tests/e2e/test_faults": "worlds",
    "tests/e2e/test_determinism": "worlds",
    "tests/e2e/test_killed_build": "worlds",
    "tests/e2e/test_worked_example": "worked example",
    "tests/integration/apps/": "tiny reports",
    "tests/integration/exports/": "tiny reports",
    "tests/integration/pipelines/": "dagster",
    "tests/integration/ledger/": "ledger",
    "tests/integration/crowds/": "ledger",
}


class SharedWorlds(LoadScopeScheduling):
    """By file, as `--dist loadfile`, except that the files of a group stay together."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        return next((group for beginning, group in GROUPS.items() if path.startswith(beginning)), path)
