"""Bank statements become lines: references found, names masked, the chain of balances unbroken."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.bank.narration import counterparty_class, masked
from integrations.bank.translate import bank_statements
from mymedic.errors import Refused
from tests.unit.integrations.bank.files import bank_csv, bank_row


def refusal_of(data: bytes, format: str = "bank_csv_v1") -> Refused:
    with pytest.raises(Refused) as refusal:
        bank_statements(data, format, "bank.csv")
    assert refusal.value.details["file"] == "bank.csv"
    return refusal.value


def test_opening_and_closing_follow_from_the_rows() -> None:
    data = bank_csv(bank_row(224_100, 324_100), bank_row(-24_100, 300_000, value_date="07/11/2026"))
    (statement,) = bank_statements(data, "bank_csv_v1", "bank.csv")
    assert (statement.opening_paise, statement.closing_paise) == (100_000, 300_000)
    assert (statement.from_on, statement.to_on) == (date(2026, 11, 6), date(2026, 11, 7))
    assert [(line.row, line.side, line.amount_paise) for line in statement.lines] == [
        (2, "C", 224_100),
        (3, "D", 24_100),
    ]


def test_an_overdrawn_account_has_negative_balances() -> None:
    (statement,) = bank_statements(bank_csv(bank_row(-500, -600), bank_row(100, -500)), "bank_csv_v1", "bank.csv")
    assert (statement.opening_paise, statement.closing_paise) == (-100, -500)


@pytest.mark.parametrize(
    ("reference", "narration", "utr", "rrn"),
    [
        ("HDFC0000000000B1", "NEFT CR RAZORPAY", "HDFC0000000000B1", None),
        ("", "NEFT CR-HDFCN52026110612345678-RAZORPAY", "HDFCN52026110612345678"[:22], None),
        ("hdfc0000000000b1", "", "HDFC0000000000B1", None),
        ("AXIS0000000000A1", "NEFT HDFC0000000000B1", "AXIS0000000000A1", None),
        ("", "UPI/412345678901/ASHA RAO/asha@okaxis", None, "412345678901"),
        ("412345678902", "UPI/412345678901", None, "412345678902"),
        ("", "SETTLEMENTACCOUNT TRANSFER", None, None),
        ("1234567890123", "UPI/98765432101", None, None),
    ],
)
def test_references_come_from_the_reference_then_the_narration(
    reference: str, narration: str, utr: str | None, rrn: str | None
) -> None:
    (statement,) = bank_statements(bank_csv(bank_row(1, 1, narration, reference=reference)), "bank_csv_v1", "b")
    assert (statement.lines[0].utr, statement.lines[0].rrn) == (utr, rrn)


@pytest.mark.parametrize(
    ("narration", "expected"),
    [
        ("NEFT CR-HDFC0000000000B1-RAZORPAY SOFTWARE PVT LTD", "gateway"),
        ("POS SETTLEMENT MID 12345", "pos"),
        ("UPI/412345678901/CASH FOR CLINIC/tpa@okaxis", "upi_qr"),
        ("BY CASH DEPOSIT SLIP 4411", "cash_deposit"),
        ("RTGS STAR HEALTH INSURANCE CO", "insurer"),
        ("SMS CHGS Q3 INCL GST", "charges"),
        ("NEFT CR-CASHFREE PAYMENTS", "gateway"),
        ("IMPS ASHA RAO", "unknown"),
    ],
)
def test_the_counterparty_is_known_by_its_words(narration: str, expected: str) -> None:
    assert counterparty_class(narration) == expected


def test_a_cash_deposit_says_its_slip() -> None:
    rows = (
        bank_row(1, 1, "BY CASH DEPOSIT", reference="SLIP-4411"),
        bank_row(1, 2, "CASH DEP SLIP NO: 4412"),
        bank_row(1, 3, "NEFT CR RAZORPAY", reference="X1"),
    )
    (statement,) = bank_statements(bank_csv(*rows), "bank_csv_v1", "b")
    assert [line.deposit_slip_no for line in statement.lines] == ["SLIP-4411", "4412", None]


def test_names_ids_and_numbers_are_masked() -> None:
    text = "UPI/412345678901/Asha Rao/asha.rao@okaxis/+919812345678 REFUND"
    assert masked(text) == "UPI/***/*** ***/***.***@***/+*** REFUND"


@pytest.mark.parametrize(
    ("data", "code", "row", "hint"),
    [
        (bank_csv(bank_row(100, 100), bank_row(100, 201)), "FILE_TOTAL_MISMATCH", 3, "balance_chain"),
        (bank_csv(bank_row(5, 30), bank_row(10, 25), bank_row(15, 15)), "FILE_TOTAL_MISMATCH", 3, "newest_first"),
        (bank_csv(bank_row(0, 100)), "FILE_BAD_AMOUNT", 2, "one_side"),
        (bank_csv(bank_row(100, 100, debit="1.00")), "FILE_BAD_AMOUNT", 2, "one_side"),
        (bank_csv(bank_row(100, 100, credit="1.005")), "FILE_BAD_AMOUNT", 2, "sub_paise"),
        (bank_csv(bank_row(100, 100) | {"balance": ""}), "FILE_BAD_AMOUNT", 2, "amount"),
        (bank_csv(bank_row(100, 100) | {"balance": "9" * 15}), "FILE_BAD_AMOUNT", 2, "out_of_range"),
        (bank_csv(bank_row(100, 100, value_date="06-11-2026")), "FILE_BAD_ROW", 2, "date"),
        (bank_csv(bank_row(100, 100, transaction_date="")), "FILE_BAD_ROW", 2, "date"),
        (bank_csv(bank_row(100, 100, value_date="9999-12-31")), "FILE_BAD_ROW", 2, "year"),
        (bank_csv(bank_row(100, 100, transaction_date="01/01/0001")), "FILE_BAD_ROW", 2, "year"),
        (bank_csv(), "FILE_BAD_ROW", 2, "no_rows"),
        (bank_csv(bank_row(100, 100))[:-10], "FILE_BAD_ROW", 2, "row_truncated"),
        (b"date,text,amount\n", "FILE_BAD_HEADER", 1, "header"),
    ],
)
def test_a_bad_statement_is_refused_where_it_is_bad(data: bytes, code: str, row: int, hint: str) -> None:
    refusal = refusal_of(data)
    assert (refusal.code, refusal.details["row"], refusal.details["hint"]) == (code, row, hint)


def test_a_row_that_is_missing_breaks_the_chain() -> None:
    rows = [bank_row(100, 100 * number) for number in range(1, 6)]
    assert refusal_of(bank_csv(*rows[:2], *rows[3:])).details["row"] == 4


def test_only_formats_that_can_be_read_are_taken() -> None:
    assert refusal_of(b":20:STMT", "ofx").code == "VALIDATION_FAILED"


@given(st.integers(-(10**6), 10**6), st.lists(st.integers(-(10**6), 10**6).filter(bool), min_size=1, max_size=20))
def test_every_paisa_of_a_statement_is_in_its_lines(opening: int, amounts: list[int]) -> None:
    balance, rows = opening, []
    for amount in amounts:
        balance += amount
        rows.append(bank_row(amount, balance))
    (statement,) = bank_statements(bank_csv(*rows), "bank_csv_v1", "b")
    moved = sum(line.amount_paise if line.side == "C" else -line.amount_paise for line in statement.lines)
    assert (statement.opening_paise, statement.closing_paise) == (opening, opening + moved)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_in_another_way(noise: bytes) -> None:
    for data in (noise, bank_csv(bank_row(1, 1)) + noise):
        try:
            bank_statements(data, "bank_csv_v1", "b")
        except Refused as refusal:
            assert refusal.code.startswith("FILE_")
