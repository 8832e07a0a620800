"""Settlement files: whole or nothing, redelivery counted, contradiction refused (R-REC-2, R-REC-3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_store.aggregates.settlement_file.decide import check_line
from event_store.aggregates.settlement_file.events import SettlementFileIngested, SettlementLineRecorded
from mymedic.errors import Refused
from tests.scenario import Scenario
from tests.unit.event_store.settlement_file.lines import file_of, payment_line, refund_line


def refusal_of(scenario: Scenario, command: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        scenario.when(command)
    return refusal.value


def test_a_file_is_recorded_with_its_lines_and_totals() -> None:
    ingested, *lines = Scenario().when(file_of(payment_line(), refund_line()))
    assert isinstance(ingested, SettlementFileIngested)
    assert (ingested.rows, ingested.rows_recorded, ingested.rows_redelivered) == (2, 2, 0)
    assert (ingested.gross_credit_paise, ingested.gross_debit_paise) == (244_100, 20_000)
    assert ingested.settlement_ids == ("setl_B",)
    assert [line.entity_id for line in lines if isinstance(line, SettlementLineRecorded)] == ["pay_1", "rfnd_1"]


def test_the_same_file_again_is_a_duplicate() -> None:
    scenario = Scenario()
    scenario.when(file_of(payment_line()))
    refusal = refusal_of(scenario, file_of(payment_line()))
    assert refusal.code == "FILE_DUPLICATE"
    assert refusal.details["settlement_file_id"].startswith("sfile_")


def test_the_same_bytes_are_another_file_for_another_gateway() -> None:
    scenario = Scenario()
    scenario.when(file_of(payment_line()))
    assert len(scenario.when(file_of(payment_line(), gateway="pos_hdfc"))) == 2


def test_r_rec_2_a_row_of_an_earlier_file_is_counted_and_not_recorded() -> None:
    scenario = Scenario()
    scenario.when(file_of(payment_line()))
    ingested, *lines = scenario.when(file_of(payment_line(), payment_line("pay_2"), sha="b"))
    assert isinstance(ingested, SettlementFileIngested)
    assert (ingested.rows, ingested.rows_recorded, ingested.rows_redelivered) == (2, 1, 1)
    assert [line.entity_id for line in lines if isinstance(line, SettlementLineRecorded)] == ["pay_2"]


def test_r_rec_2_a_row_that_stands_twice_in_one_file_counts_once() -> None:
    ingested, *lines = Scenario().when(file_of(payment_line(), payment_line(row=2)))
    assert isinstance(ingested, SettlementFileIngested)
    assert (ingested.rows_recorded, ingested.rows_redelivered, len(lines)) == (1, 1, 1)


@pytest.mark.parametrize("sha", ["a", "b"])
def test_r_rec_2_the_same_key_with_other_amounts_refuses_the_whole_file(sha: str) -> None:
    scenario = Scenario()
    other = payment_line(amount=240_000, row=7)
    if sha == "b":
        scenario.when(file_of(payment_line()))
        refusal = refusal_of(scenario, file_of(payment_line("pay_9"), other, sha=sha))
    else:
        refusal = refusal_of(scenario, file_of(payment_line(), other))
    assert (refusal.code, refusal.details["row"], refusal.details["file"]) == ("FILE_TOTAL_MISMATCH", 7, "recon.json")
    assert scenario.state("settlement_file", "sfile_none").exists is False


def test_a_split_settlement_is_two_lines() -> None:
    """F40: one payment paid out in two settlements."""
    scenario = Scenario()
    scenario.when(file_of(payment_line()))
    ingested, line = scenario.when(file_of(payment_line(settlement_id="setl_C"), sha="b"))
    assert isinstance(ingested, SettlementFileIngested) and isinstance(line, SettlementLineRecorded)
    assert (ingested.rows_recorded, line.settlement_id) == (1, "setl_C")


def test_a_held_row_and_its_release_are_two_lines() -> None:
    """F30: the release has the same key and the same amounts, and is no redelivery."""
    scenario = Scenario()
    scenario.when(file_of(payment_line(settled=False, on_hold=True)))
    assert len(scenario.when(file_of(payment_line(), sha="b"))) == 2
    assert len(scenario.when(file_of(payment_line(), sha="c"))) == 1


def test_inv_r8_a_line_has_the_same_id_whichever_file_brings_it_first() -> None:
    def ids(*files: Any) -> set[str]:
        scenario = Scenario()
        events = [event for file in files for event in scenario.when(file)]
        return {event.line_id for event in events if isinstance(event, SettlementLineRecorded)}

    one, two = file_of(payment_line(), payment_line("pay_2")), file_of(payment_line("pay_2"), refund_line(), sha="b")
    assert ids(one, two) == ids(two, one)
    assert len(ids(one, two)) == 3


def test_parts_of_a_file_are_guarded_one_by_one() -> None:
    scenario = Scenario()
    scenario.when(file_of(payment_line(), part=1, parts=2))
    scenario.when(file_of(payment_line("pay_2"), part=2, parts=2))
    assert refusal_of(scenario, file_of(payment_line(), part=1, parts=2)).code == "FILE_DUPLICATE"


def test_a_file_without_rows_is_a_fact_too() -> None:
    (ingested,) = Scenario().when(file_of())
    assert isinstance(ingested, SettlementFileIngested) and ingested.rows == 0


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        (payment_line(credit_paise=244_101), "row_arithmetic"),
        (payment_line(debit_paise=1), "row_arithmetic"),
        (payment_line(credit_paise=245_000), "fee_convention"),  # fee already held the tax
        (payment_line(credit_paise=243_200), "fee_convention"),  # the tax was taken off twice
        (refund_line(debit_paise=19_999), "row_arithmetic"),
        (refund_line(credit_paise=5), "row_arithmetic"),
        (refund_line(entity_type="adjustment", debit_paise=0), "row_arithmetic"),
        (refund_line(entity_type="transfer", credit_paise=1), "row_arithmetic"),
        (payment_line(settlement_id=None), "settlement_missing"),
        (payment_line(settled_at=None), "settlement_missing"),
    ],
)
def test_r_rec_3_a_row_that_does_not_add_up_refuses_the_file(line: Any, hint: str) -> None:
    refusal = refusal_of(Scenario(), file_of(payment_line("pay_good"), line))
    assert (refusal.code, refusal.details["hint"], refusal.details["row"]) == ("FILE_BAD_ROW", hint, line.row)


@given(
    amount=st.integers(0, 10**14),
    fee=st.integers(0, 10**7),
    tax=st.integers(1, 10**7),
    off=st.integers(-(10**7), 10**7),
)
def test_r_rec_3_only_the_identity_itself_is_accepted(amount: int, fee: int, tax: int, off: int) -> None:
    line = payment_line(amount=amount, fee=fee, tax=tax, credit_paise=amount - fee - tax + off)
    if off == 0:
        check_line(line)
    else:
        with pytest.raises(Refused) as refusal:
            check_line(line)
        is_convention = off in (tax, -tax)
        assert refusal.value.details["hint"] == ("fee_convention" if is_convention else "row_arithmetic")
