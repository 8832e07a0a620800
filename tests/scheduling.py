"""Which tests run in one process: those that look at the same world, so that it is made once."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# Beginning of a test's id -> its group. Those that take longest come first in the collected order.
GROUPS = {
    "tests/e2e/test_truth.py::test_demo": "demo world",
    "tests/e2e/test_worked_queries": "demo world",
    "tests/e2e/test_answer_an_audit": "demo world",
    "tests/e2e/test_shares": "demo world",
    "tests/e2e/test_truth": "tiny world",
    "tests/e2e/test_faults": "tiny world",
    "tests/e2e/test_retention": "tiny world",
    "tests/e2e/test_carry_forward": "tiny world",
    "tests/e2e/test_determinism": "tiny world",
    "tests/e2e/test_killed_build": "tiny world",
    "tests/e2e/test_live_twins": "tiny world",
    "tests/integration/apps/": "tiny world",
    "tests/integration/exports/": "tiny world",
    "tests/e2e/test_worked_example": "worked example",
    "tests/e2e/test_as_of_snapshots": "worked example",
    "tests/property/appointments/": "random month",
    "tests/integration/projections/": "live views",
    "tests/integration/pipelines/": "dagster",
    "tests/integration/ledger/": "ledger",
    "tests/integration/crowds/": "ledger",
    "tests/integration/audit/": "ledger",
}


class SharedWorlds(LoadScopeScheduling):
    """By file, as `--dist loadfile`, except that the files of a group stay together."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        return next((group for beginning, group in GROUPS.items() if nodeid.startswith(beginning)), path)
