"""DOMAIN §13: what the cancelled appointment cost, alone and with its slot filled again."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.e2e.conftest import Weeks
from tests.unit.event_store.clinic import ist

FRIDAY = ist(6, "23:59")
B1 = (
    "SELECT n, scheduled_value_paise, lost_value_paise, backfill_value_paise, forfeit_net_paise, leakage_paise"
    " FROM mart_cancellation_leakage WHERE business_date = '2026-11-03' AND outcome = 'cancelled'"
)


def row(weeks: Weeks, tenant_id: str) -> dict[str, Any]:
    (found,) = weeks.rows(tenant_id, FRIDAY, B1)
    return found


def test_the_slot_stayed_empty(weeks: Weeks) -> None:
    assert row(weeks, "ten_example") == {
        "n": 1,
        "scheduled_value_paise": 80_000,
        "lost_value_paise": 80_000,
        "backfill_value_paise": 0,
        "forfeit_net_paise": 20_000,
        "leakage_paise": 60_000,
    }


def test_the_slot_was_filled_for_less(weeks: Weeks) -> None:
    """The chain kept half a deposit and had a visit all the same: it lost less than nothing."""
    assert row(weeks, "ten_rebooked") == {
        "n": 1,
        "scheduled_value_paise": 80_000,
        "lost_value_paise": 80_000,
        "backfill_value_paise": 70_000,
        "forfeit_net_paise": 20_000,
        "leakage_paise": -10_000,
    }


def test_the_row_says_whose_it_is(weeks: Weeks) -> None:
    query = (
        "SELECT branch_id, city_id, practitioner_id, specialty_id, service_id, initiator"
        " FROM mart_cancellation_leakage WHERE outcome = 'cancelled'"
    )
    (found,) = weeks.rows("ten_example", FRIDAY, query)
    assert list(found.values()) == [
        "brn_south",
        "cty_bengaluru",
        "prac_rao",
        "spc_derm",
        "svc_consult",
        "patient",
    ]


def test_a_missing_settlement_is_leakage_of_the_day_of_its_payment(weeks: Weeks) -> None:
    query = "SELECT business_date, leakage_type, n, amount_paise, recoverable_paise FROM mart_leakage_metrics"
    assert weeks.rows("ten_f01", ist(7, "23:59"), query) == []
    (found,) = weeks.rows("ten_f01", ist(8, "23:59"), query)
    assert list(found.values()) == [date(2026, 11, 4), "missing_settlement", 1, 250_000, 250_000]
