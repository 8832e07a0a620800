"""The desk counts its drawer blind: what should be in it is told to others at once, and to the desk after the count."""

from __future__ import annotations

from event_store.aggregates.cash_session.commands import CountCashDrawer, OpenCashSession
from mymedic.messages import Actor
from tests.integration.api.conftest import Api
from tests.integration.api.two_branches import AUDITOR
from tests.unit.event_store.clinic import DESK

SESSIONS = "/v1/console/cash-sessions"


def expected(api: Api, role: str | Actor) -> int | None:
    (row,) = api.ask(SESSIONS, role, cash_session_id="cash_blind").json()["items"]
    found: int | None = row["expected_paise"]
    return found


def test_the_desk_is_told_what_was_expected_once_it_has_counted(api: Api) -> None:
    api.chain.ask(
        OpenCashSession(branch_id="brn_south", drawer_id="drw_blind", opening_float_paise=200_000), DESK, "cash_blind"
    )
    api.fold()
    assert expected(api, "FD") is None
    assert {expected(api, role) for role in ("FN", "CM", AUDITOR, "*")} == {200_000}
    api.chain.ask(CountCashDrawer(cash_session_id="cash_blind", denominations={"50000": 4}), DESK)
    api.fold()
    assert expected(api, "FD") == 200_000
