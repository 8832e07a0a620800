"""Bank statements: they foot to the paisa, and overlapping ones bring a line once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_store.aggregates.bank_statement.commands import BankLine, IngestBankStatement
from event_store.aggregates.bank_statement.events import BankLineRecorded, BankStatementIngested
from event_store.catalogue import encode_payload
from mymedic.errors import Refused
from mymedic.messages import Event
from tests.scenario import Scenario

DAY = date(2026, 11, 6)


def line(amount: int, narration: str = "NEFT RAZORPAY", on: date = DAY, **other: Any) -> BankLine:
    """A line; a negative amount is a debit."""
    fields: dict[str, Any] = {
        "row": 2,
        "value_on": on,
        "side": "C" if amount > 0 else "D",
        "amount_paise": abs(amount),
        "narration": narration,
        "narration_masked": "***",
        "counterparty_class": "gateway",
    }
    return BankLine(**(fields | other))


def statement(*lines: BankLine, opening: int = 0, closing: int | None = None, sha: str = "a") -> IngestBankStatement:
    moved = sum(one.amount_paise if one.side == "C" else -one.amount_paise for one in lines)
    return IngestBankStatement(
        bank_account_id="acct_hdfc_1",
        format="bank_csv_v1",
        file_name="hdfc.csv",
        file_sha256=sha * 64,
        from_on=min((one.value_on for one in lines), default=DAY),
        to_on=max((one.value_on for one in lines), default=DAY),
        opening_paise=opening,
        closing_paise=opening + moved if closing is None else closing,
        lines=lines,
    )


def recorded(events: list[Event]) -> list[BankLineRecorded]:
    return [event for event in events if isinstance(event, BankLineRecorded)]


def test_a_statement_is_recorded_with_its_lines() -> None:
    events = Scenario().when(statement(line(224_100), line(-500), line(700, on=date(2026, 11, 7)), opening=-100))
    ingested = events[0]
    assert isinstance(ingested, BankStatementIngested)
    assert (ingested.opening_paise, ingested.closing_paise, ingested.rows) == (-100, 224_200, 3)
    assert [(one.side, one.amount_paise, one.line_no) for one in recorded(events)] == [
        ("C", 224_100, 1),
        ("D", 500, 2),
        ("C", 700, 1),
    ]


def test_the_narration_is_sealed() -> None:
    (one,) = recorded(Scenario().when(statement(line(100, "UPI/412345678901/ASHA RAO/asha@okaxis"))))
    assert one.pii is not None and "ASHA" in one.pii.narration
    assert b"ASHA" not in encode_payload(one)


@pytest.mark.parametrize("closing", [0, 99, 101])
def test_a_statement_that_does_not_foot_is_refused(closing: int) -> None:
    with pytest.raises(Refused) as refusal:
        Scenario().when(statement(line(100), closing=closing))
    assert refusal.value.code == "FILE_TOTAL_MISMATCH"
    assert refusal.value.details["difference_paise"] == 100 - closing


def test_the_same_statement_again_is_a_duplicate() -> None:
    scenario = Scenario()
    scenario.when(statement(line(100)))
    with pytest.raises(Refused) as refusal:
        scenario.when(statement(line(100)))
    assert refusal.value.code == "FILE_DUPLICATE"


def test_an_overlapping_statement_brings_only_what_is_new() -> None:
    """It begins in the middle of the day, so line numbers differ; what the lines say and the balance do not."""
    scenario = Scenario()
    scenario.when(statement(line(100, "A"), line(200, "B")))
    events = scenario.when(statement(line(200, "B"), line(300, "C"), opening=100, sha="b"))
    ingested = events[0]
    assert isinstance(ingested, BankStatementIngested)
    assert (ingested.rows, ingested.rows_recorded, ingested.rows_redelivered) == (2, 1, 1)
    assert [one.amount_paise for one in recorded(events)] == [300]


def test_equal_transactions_are_two_lines() -> None:
    """A deposit, its reversal and the deposit again end on the same balance as the first."""
    events = Scenario().when(statement(line(100, "X"), line(-100, "X REV"), line(100, "X"), line(100, "X")))
    assert len({one.bank_line_id for one in recorded(events)}) == 4


def test_a_line_has_the_same_id_whichever_statement_brings_it_first() -> None:
    early, late = statement(line(100), line(200)), statement(line(200), line(300), opening=100, sha="b")

    def ids(*statements: IngestBankStatement) -> set[str]:
        scenario = Scenario()
        return {one.bank_line_id for each in statements for one in recorded(scenario.when(each))}

    assert ids(early, late) == ids(late, early)


def test_the_id_of_a_line_does_not_follow_from_its_words_alone() -> None:
    ids = [recorded(Scenario(tenant).when(statement(line(100))))[0].bank_line_id for tenant in ("ten_a", "ten_b")]
    assert ids[0] != ids[1]


@given(
    amounts=st.lists(st.integers(-50, 50).filter(bool), min_size=1, max_size=12),
    cuts=st.tuples(st.integers(0, 12), st.integers(0, 12)),
)
def test_any_two_statements_of_one_account_together_bring_each_line_once(
    amounts: list[int], cuts: tuple[int, int]
) -> None:
    """The first ends after the second begins: together they cover every transaction."""
    end, begin = max(cuts), min(cuts)
    lines = [line(amount, f"ref {number}") for number, amount in enumerate(amounts)]
    scenario = Scenario()
    first = scenario.when(statement(*lines[:end]))
    second = scenario.when(statement(*lines[begin:], opening=sum(amounts[:begin]), sha="b"))
    assert [one.pii.narration for one in recorded([*first, *second]) if one.pii] == [one.narration for one in lines]
