"""`--as-of` builds any past state of knowledge: three stored ones come out again of a log that has gone on since."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Weeks
from tests.e2e.snapshots import MOMENTS, TENANT, hashes, stored


@pytest.mark.parametrize("day", MOMENTS)
def test_a_past_state_is_built_as_it_was(weeks: Weeks, day: int) -> None:
    moment = MOMENTS[day]
    assert weeks.rows(TENANT, moment, "SELECT 1 AS one") == [{"one": 1}]
    found = hashes(weeks.line.published_path(TENANT, moment))
    wanted = stored()[moment.isoformat()]
    differing = sorted(mart for mart in found.keys() | wanted.keys() if found.get(mart) != wanted.get(mart))
    assert not differing, "if these marts were meant to change: python -m tests.e2e.snapshots"


def test_the_states_differ() -> None:
    """Or they would prove nothing."""
    first, second, third = stored().values()
    assert first["mart_settlement_report"] != second["mart_settlement_report"]
    assert second["mart_leakage_metrics"] != third["mart_leakage_metrics"]
