"""The worked example of DOMAIN §13: one week of money, reconciled on each day that the example names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import duckdb
import pytest

from mymedic.clock import INDIA
from tests.integration.warehouse.rig import build_warehouse
from tests.property.reconciliation.log import log_of
from tests.property.reconciliation.world import Appointment, BankLine, Line, Payment, Refund, World


def ist(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=INDIA).astimezone(UTC)


def end_of(month: int, day: int) -> datetime:
    return ist(month, day, 23, 59)


DEPOSIT = Payment(
    payment_id="pay_deposit",
    amount=40_000,
    gateway="razorpay",
    initiated_at=ist(11, 2),
    captured_at=ist(11, 2, 10, 2),
    order_id="order_1",
    gateway_payment_id="pay_G1",
    appointment_id="appt_1",
)
PROCEDURE = Payment(
    payment_id="pay_procedure",
    amount=250_000,
    mode="card",
    card_type="credit",
    gateway="razorpay",
    initiated_at=ist(11, 4, 11, 55),
    captured_at=ist(11, 4, 12),
    order_id="order_2",
    gateway_payment_id="pay_G2",
)
REFUND = Refund(
    refund_id="rfd_1",
    payment_id="pay_deposit",
    amount=20_000,
    processed_at=ist(11, 4, 9),
    gateway_refund_id="rfnd_G1",
)


def line(line_id: str, settlement_id: str, day: int, **facts: Any) -> Line:
    settled_at = ist(11, day, 8)
    return Line(
        line_id=line_id,
        gateway="razorpay",
        settlement_id=settlement_id,
        utr=f"HDFCN2611{settlement_id[-1]}000001",
        created_at=facts.pop("created_at"),
        settled_at=settled_at,
        recorded_at=ist(11, day, 20),
        **facts,
    )


DEPOSIT_LINE = line("sline_1", "setl_A", 4, entity_id="pay_G1", amount=40_000, method="upi", created_at=ist(11, 2))
CARD_LINE = line(
    "sline_2", "setl_B", 6, entity_id="pay_G2", amount=250_000, fee=5_000, tax=900, method="card", created_at=ist(11, 4)
)
REFUND_LINE = line(
    "sline_3", "setl_B", 6, entity_type="refund", entity_id="rfnd_G1", amount=20_000, created_at=ist(11, 4)
)


def credit(bank_line_id: str, settlement_id: str, day: int, amount: int) -> BankLine:
    return BankLine(
        bank_line_id=bank_line_id,
        value_on=date(2026, 11, day),
        amount=amount,
        utr=f"HDFCN2611{settlement_id[-1]}000001",
        recorded_at=ist(11, day, 21),
    )


def example() -> World:
    return World(
        tenant_id="ten_example",
        appointments=[Appointment(appointment_id="appt_1", practitioner_id="prac_1")],
        payments=[DEPOSIT, PROCEDURE],
        refunds=[REFUND],
        lines=[DEPOSIT_LINE, CARD_LINE, REFUND_LINE],
        bank_lines=[credit("bline_1", "setl_A", 4, 40_000), credit("bline_2", "setl_B", 6, 224_100)],
    )


def without_the_card_line() -> World:
    """F01: the row never comes, and the payout is smaller by it."""
    world = example()
    return replace(
        world,
        tenant_id="ten_f01",
        lines=[DEPOSIT_LINE, REFUND_LINE],
        bank_lines=[credit("bline_1", "setl_A", 4, 40_000)],
    )


@cache
def warehouse(as_of: datetime) -> duckdb.DuckDBPyConnection:
    return build_warehouse([*log_of(example()).events, *log_of(without_the_card_line()).events], as_of=as_of)


def classes(as_of: datetime, tenant_id: str) -> dict[str, str]:
    query = "select item_id, class from fct_recon_item where tenant_id = ?"
    return dict(warehouse(as_of).execute(query, [tenant_id]).fetchall())


def seqs_of(*lines: str) -> str:
    """Where the example's log holds these lines."""
    named = {
        getattr(one.event, name, None): one.seq
        for one in log_of(example()).events
        for name in ("line_id", "bank_line_id")
    }
    return ",".join(str(named[line]) for line in lines)


def rows(as_of: datetime, query: str) -> list[dict[str, Any]]:
    result = warehouse(as_of).execute(query)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_on_wednesday_night_the_card_and_the_refund_are_on_their_way() -> None:
    assert classes(end_of(11, 4), "ten_example") == {
        "L1:payment:pay_deposit": "matched",
        "L1:payment:pay_procedure": "in_transit",
        "L1:refund:rfd_1": "in_transit",
        "L2:batch:razorpay/setl_A": "batch_matched",
    }


def test_on_friday_night_everything_is_matched() -> None:
    assert classes(end_of(11, 6), "ten_example") == {
        "L1:payment:pay_deposit": "matched",
        "L1:payment:pay_procedure": "matched",
        "L1:refund:rfd_1": "matched",
        "L2:batch:razorpay/setl_A": "batch_matched",
        "L2:batch:razorpay/setl_B": "batch_matched",
    }


@pytest.mark.parametrize(("day", "expected"), [(6, "in_transit"), (7, "in_transit"), (8, "missing_settlement")])
def test_a_dropped_card_line_is_missing_after_the_grace_day(day: int, expected: str) -> None:
    """Due Friday, a day's grace on the first Saturday, which is a bank day; overdue from Sunday."""
    assert classes(end_of(11, day), "ten_f01") == {
        "L1:payment:pay_deposit": "matched",
        "L1:payment:pay_procedure": expected,
        "L1:refund:rfd_1": "matched",
        "L2:batch:razorpay/setl_A": "batch_matched",
        "L2:batch:razorpay/setl_B": "batch_carried_negative",
    }


def test_the_settlement_report_ties_to_the_bank() -> None:
    query = "select * from mart_settlement_report where tenant_id = 'ten_example' order by settlement_id"
    first, second = rows(end_of(11, 6), query)
    assert first.pop("source_seqs") == seqs_of("sline_1", "bline_1")
    assert second.pop("source_seqs") == seqs_of("sline_2", "sline_3", "bline_2")
    assert first == {
        "tenant_id": "ten_example",
        "gateway": "razorpay",
        "settlement_id": "setl_A",
        "settlement_utr": "HDFCN2611A000001",
        "settled_on": date(2026, 11, 4),
        "payments_n": 1,
        "payments_gross_paise": 40_000,
        "refunds_n": 0,
        "refunds_paise": 0,
        "adjustments_net_paise": 0,
        "fee_paise": 0,
        "tax_paise": 0,
        "net_paise": 40_000,
        "bank_line_id": "bline_1",
        "bank_value_on": date(2026, 11, 4),
        "bank_paise": 40_000,
        "bank_variance_paise": 0,
        "matched_n": 1,
        "fee_variance_n": 0,
        "fee_variance_paise": 0,
        "orphan_n": 0,
        "orphan_paise": 0,
        "duplicate_n": 0,
        "duplicate_paise": 0,
        "status_conflict_n": 0,
        "days_to_bank": 0,
        "batch_class": "batch_matched",
    }
    changed = {name: second[name] for name in second if second[name] != first[name]}
    assert changed == {
        "settlement_id": "setl_B",
        "settlement_utr": "HDFCN2611B000001",
        "settled_on": date(2026, 11, 6),
        "payments_gross_paise": 250_000,
        "refunds_n": 1,
        "refunds_paise": 20_000,
        "fee_paise": 5_000,
        "tax_paise": 900,
        "net_paise": 224_100,
        "bank_line_id": "bline_2",
        "bank_value_on": date(2026, 11, 6),
        "bank_paise": 224_100,
        "matched_n": 2,
    }


def test_a_batch_in_debt_is_carried_and_nothing_is_expected_of_the_bank() -> None:
    query = "select * from mart_settlement_report where tenant_id = 'ten_f01' and settlement_id = 'setl_B'"
    (batch,) = rows(end_of(11, 6), query)
    assert (batch["net_paise"], batch["bank_paise"], batch["bank_variance_paise"]) == (-20_000, 0, 0)


def test_fees_are_as_the_contract_says() -> None:
    query = "select * from fct_recon_item where tenant_id = 'ten_example' and item_id = 'L1:payment:pay_procedure'"
    (card,) = rows(end_of(11, 6), query)
    assert (card["fee_charged_paise"], card["fee_expected_paise"]) == (5_000, 5_000)
    assert (card["tax_charged_paise"], card["tax_expected_paise"]) == (900, 900)
    assert (card["due_on"], card["overdue_after_on"]) == (date(2026, 11, 6), date(2026, 11, 7))


def test_the_missing_card_payment_is_leakage_of_its_day() -> None:
    query = "select * from mart_leakage_metrics where tenant_id = 'ten_f01'"
    assert rows(end_of(11, 7), query) == []
    assert rows(end_of(11, 8), query) == [
        {
            "tenant_id": "ten_f01",
            "business_date": date(2026, 11, 4),
            "branch_id": "brn_1",
            "practitioner_id": "-1",
            "specialty_id": "-1",
            "leakage_type": "missing_settlement",
            "n": 1,
            "amount_paise": 250_000,
            "recoverable_paise": 250_000,
            "evidence_ids": "L1:payment:pay_procedure",
        }
    ]


def test_the_branch_variance_of_wednesday_tells_refund_and_missing_payment_apart() -> None:
    query = (
        "select mode, expected_paise, evidenced_paise, missing_paise, variance_paise, variance_bps, open_items_n"
        " from mart_branch_variance where tenant_id = 'ten_f01' and business_date = '2026-11-04' order by mode"
    )
    card, upi = rows(end_of(11, 8), query)
    assert list(card.values()) == ["card", 250_000, 0, 250_000, -250_000, -10_000, 1]
    assert list(upi.values()) == ["upi", -20_000, -20_000, 0, 0, 0, 0]
