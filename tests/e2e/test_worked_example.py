"""DOMAIN §13: how the week's money is reconciled on each evening that the example names."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.e2e.conftest import Weeks
from tests.e2e.week import UTR_A, UTR_B
from tests.unit.event_store.clinic import ist


def evening(day: int) -> datetime:
    return ist(day, "23:59")


def expected(weeks: Weeks, tenant_id: str, *, deposit: str, card: str, refund: str, **batches: str) -> dict[str, str]:
    week = weeks.played[tenant_id]
    return {
        f"L1:payment:{week.deposit_id}": deposit,
        f"L1:payment:{week.card_id}": card,
        f"L1:refund:{week.refund_id}": refund,
        **{f"L2:batch:razorpay/{settlement}": found for settlement, found in batches.items()},
    }


def test_on_wednesday_evening_card_and_refund_are_on_their_way(weeks: Weeks) -> None:
    assert weeks.classes("ten_example", evening(4)) == expected(
        weeks, "ten_example", deposit="matched", card="in_transit", refund="in_transit", setl_A="batch_matched"
    )


def test_card_and_refund_are_due_on_friday(weeks: Weeks) -> None:
    """T+2 of Wednesday; the grace day is the first Saturday of the month, which is a bank day."""
    query = "SELECT due_on, overdue_after_on FROM fct_recon_item WHERE leg = 'L1' AND class = 'in_transit'"
    due = {"due_on": date(2026, 11, 6), "overdue_after_on": date(2026, 11, 7)}
    assert weeks.rows("ten_example", evening(4), query) == [due, due]


@pytest.mark.parametrize("day", [6, 7, 8])
def test_from_friday_on_everything_is_matched(weeks: Weeks, day: int) -> None:
    assert weeks.classes("ten_example", evening(day)) == expected(
        weeks,
        "ten_example",
        deposit="matched",
        card="matched",
        refund="matched",
        setl_A="batch_matched",
        setl_B="batch_matched",
    )


@pytest.mark.parametrize(("day", "card"), [(6, "in_transit"), (7, "in_transit"), (8, "missing_settlement")])
def test_a_dropped_card_row_is_missing_from_sunday_on(weeks: Weeks, day: int, card: str) -> None:
    """F01: the batch is a debt of 200 rupees, which the gateway carries over instead of asking the bank for it."""
    assert weeks.classes("ten_f01", evening(day)) == expected(
        weeks,
        "ten_f01",
        deposit="matched",
        card=card,
        refund="matched",
        setl_A="batch_matched",
        setl_B="batch_carried_negative",
    )


def test_the_settlement_report_ties_to_the_bank(weeks: Weeks) -> None:
    query = (
        "SELECT settlement_id, settlement_utr, payments_gross_paise, refunds_paise, fee_paise, tax_paise, net_paise,"
        " bank_paise, bank_variance_paise, batch_class FROM mart_settlement_report ORDER BY settlement_id"
    )
    rows = [list(row.values()) for row in weeks.rows("ten_example", evening(6), query)]
    assert rows == [
        ["setl_A", UTR_A, 40_000, 0, 0, 0, 40_000, 40_000, 0, "batch_matched"],
        ["setl_B", UTR_B, 250_000, 20_000, 5_000, 900, 224_100, 224_100, 0, "batch_matched"],
    ]


def test_a_batch_in_debt_expects_nothing_of_the_bank(weeks: Weeks) -> None:
    query = (
        "SELECT net_paise, bank_paise, bank_variance_paise, batch_class FROM mart_settlement_report"
        " WHERE settlement_id = 'setl_B'"
    )
    (batch,) = weeks.rows("ten_f01", evening(6), query)
    assert list(batch.values()) == [-20_000, 0, 0, "batch_carried_negative"]


def test_the_fee_is_what_the_contract_says(weeks: Weeks) -> None:
    query = (
        "SELECT fee_charged_paise, fee_expected_paise, tax_charged_paise, tax_expected_paise, fee_variance_paise"
        f" FROM fct_recon_item WHERE item_id = 'L1:payment:{weeks.played['ten_example'].card_id}'"
    )
    (card,) = weeks.rows("ten_example", evening(6), query)
    assert list(card.values()) == [5_000, 5_000, 900, 900, 0]
