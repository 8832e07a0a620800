"""SWIFT statements: read exactly where the library guesses or drops, refused where nothing can be proved."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.bank.inbound import ingest_statement
from integrations.bank.judge import judge_file
from integrations.bank.translate import bank_statements, told_statements
from mymedic.errors import Refused
from tests.unit.integrations.conftest import FINANCE, TENANT, Clinic


def mt940(
    *lines: str, opening: str = "C261105INR1000,00", closing: str = "C261106INR3240,00", end: str = "\r\n"
) -> bytes:
    """A statement; without `lines` of its own it has two, which foot."""
    body = lines or (
        ":61:2611061106C2241,NTRFHDFC0000000000B1//BR1",
        ":86:NEFT CR RAZORPAY SOFTWARE",
        ":61:2611061106DR1,00NCHGNONREF",
        ":86:SMS CHGS",
    )
    rows = (":20:STMT1", ":25:0012345", ":28C:1/1", f":60F:{opening}", *body, f":62F:{closing}", "-")
    return end.join([*rows, ""]).encode()


def refusal_of(data: bytes) -> Refused:
    with pytest.raises(Refused) as refusal:
        bank_statements(data, "mt940", "m.sta")
    assert refusal.value.details["file"] == "m.sta"
    return refusal.value


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_statement_becomes_lines(end: str) -> None:
    (statement,) = bank_statements(mt940(end=end), "mt940", "m.sta")
    assert (statement.opening_paise, statement.closing_paise) == (100_000, 324_000)
    assert [(line.row, line.side, line.amount_paise, line.counterparty_class) for line in statement.lines] == [
        (5, "C", 224_100, "gateway"),
        (7, "D", 100, "charges"),
    ]
    assert statement.lines[0].utr == "HDFC0000000000B1"


@pytest.mark.parametrize("encoded", [b"\xef\xbb\xbf" + mt940(), mt940().decode().encode("utf-16")])
def test_a_byte_order_mark_loses_no_statement(encoded: bytes) -> None:
    assert judge_file(encoded, "m.sta").statements == judge_file(mt940(), "m.sta").statements


@pytest.mark.parametrize(
    ("line", "closing", "moved"),
    [
        (":61:2611061106RC10,00NTRFNONREF", "C261106INR990,00", "-10.00"),
        (":61:2611061106RD10,00NTRFNONREF", "C261106INR1010,00", "10.00"),
        (":61:2611061106D2000,NTRFNONREF", "D261106INR1000,", "-2000"),
    ],
)
def test_a_reversal_moves_money_the_other_way(line: str, closing: str, moved: str) -> None:
    (told,) = told_statements(mt940(line, closing=closing), "mt940", "m.sta")
    assert (told.moved, told.verdict) == (Decimal(moved), "foots")


def test_lines_without_a_type_are_not_lost() -> None:
    (told,) = told_statements(mt940(*[":61:2611061106C10,00"] * 3, closing="C261106INR1030,00"), "mt940", "m.sta")
    assert (len(told.lines), told.verdict) == (3, "foots")


def test_what_follows_the_closing_balance_is_said_of_no_line() -> None:
    data = mt940().replace(b"-\r\n", b":86:SPEAK TO ASHA RAO\r\n-\r\n")
    (statement,) = bank_statements(data, "mt940", "m.sta")
    assert [line.narration for line in statement.lines] == [
        "HDFC0000000000B1 BR1 NEFT CR RAZORPAY SOFTWARE",
        "SMS CHGS",
    ]


def test_lines_of_no_money_are_counted_and_not_recorded(clinic: Clinic) -> None:
    data = mt940(":61:2611061106C0,00NTRFNONREF", ":61:2611061106C5,00NTRFNONREF", closing="C261106INR1005,00")
    report = ingest_statement(clinic.desk, TENANT, data, "m.sta", "mt940", "acct_hdfc_1", FINANCE)
    assert [(part.rows, part.rows_without_money) for part in report.parts] == [(1, 1)]


@pytest.mark.parametrize(
    ("data", "code", "row", "hint"),
    [
        (mt940(":61:2602300301C1,00NMSCNONREF", closing="C261106INR1001,00"), "FILE_BAD_ROW", 5, "date"),
        (mt940(":61:2613061106C1,00NMSCNONREF"), "FILE_BAD_ROW", 5, "date"),
        (mt940(":61:26110611061,00NMSC"), "FILE_BAD_ROW", 5, "mt940"),
        (mt940(":61:2611061106C1,0,0NMSCNONREF"), "FILE_BAD_ROW", 5, "mt940"),
        (mt940(":61:2611061106C1,005NMSCNONREF", closing="C261106INR1001,005"), "FILE_BAD_AMOUNT", 1, "sub_paise"),
        (mt940(opening="C261105INR1000,00\r\n:60F:C261105INR1,00"), "FILE_BAD_ROW", 5, "balance_twice"),
        (mt940(closing="261106INR3240,00"), "FILE_BAD_AMOUNT", 9, "balance"),
        (mt940(closing="C261199INR3240,00"), "FILE_BAD_ROW", 9, "date"),
        (mt940(closing="C261106EUR3240,00"), "CURRENCY_UNSUPPORTED", 1, "currency"),
        (mt940().replace(b"INR", b"EUR"), "CURRENCY_UNSUPPORTED", 1, "currency"),
        (mt940().replace(b":62F:C261106INR3240,00\r\n", b""), "FILE_BAD_ROW", 1, "no_balances"),
        (mt940().replace(b":20:", b":21:"), "FILE_BAD_HEADER", 1, "no_statement"),
        (mt940().replace(b"SMS", b"S\x00S"), "FILE_BAD_ROW", 8, "nul"),
        (b"", "FILE_BAD_HEADER", 1, "no_statement"),
    ],
)
def test_a_bad_statement_is_refused_where_it_is_bad(data: bytes, code: str, row: int, hint: str) -> None:
    refusal = refusal_of(data)
    assert (refusal.code, refusal.details["row"], refusal.details["hint"]) == (code, row, hint)


@pytest.mark.parametrize("amount", ["100.50", "1.100,00", "1,100,00", "1'100,00", "१00,00"])
def test_an_amount_that_would_be_read_in_part_is_refused(amount: str) -> None:
    """Money in and the same money back foots whatever is read of it."""
    data = mt940(
        f":61:2611061106C{amount}NTRFNONREF", f":61:2611061106D{amount}NTRFNONREF", closing="C261106INR1000,00"
    )
    refusal = refusal_of(data)
    assert (refusal.code, refusal.details["row"], refusal.details["column"]) == ("FILE_BAD_ROW", 5, ":61:")


def test_each_statement_of_a_file_has_a_verdict_of_its_own(clinic: Clinic) -> None:
    """One that does not foot is refused with the difference; the others are recorded, and again are known."""
    wrong = mt940(closing="C261106INR3241,00").replace(b":20:STMT1", b":20:STMT2")
    data = mt940() + wrong + mt940().replace(b"INR", b"USD")
    report = ingest_statement(clinic.desk, TENANT, data, "m.sta", None, "acct_hdfc_1", FINANCE)
    assert (report.status, report.format) == ("partial", "mt940")
    assert [part.status for part in report.parts] == ["accepted", "refused", "refused"]
    errors = [part.error for part in report.parts[1:]]
    assert [error and error.code for error in errors] == ["FILE_TOTAL_MISMATCH", "CURRENCY_UNSUPPORTED"]
    assert errors[0] is not None and errors[0].details["difference_paise"] == -100
    assert len(clinic.events("BankStatementIngested")) == 1 and len(clinic.events("BankLineRecorded")) == 2
    again = ingest_statement(clinic.later().desk, TENANT, data, "m.sta", None, "acct_hdfc_1", FINANCE)
    assert [part.status for part in again.parts] == ["duplicate", "refused", "refused"]
    judged = judge_file(data, "m.sta")
    assert [told.verdict for told in judged.statements] == ["foots", "does_not_foot", "foots"]
    assert not judged.is_sound


def test_a_message_never_repeats_a_narration() -> None:
    refusal = refusal_of(mt940(":61:ASHA RAO asha@okaxis"))
    assert "ASHA" not in str((refusal.message, refusal.details))


@given(st.binary(max_size=120), st.integers(0, 200))
def test_no_bytes_make_the_reader_fail_in_another_way(noise: bytes, at: int) -> None:
    whole = mt940()
    for data in (noise, whole[:at], whole[:at] + noise + whole[at:], b":20:X\n:61:" + noise, b":20:X\n:60F:C" + noise):
        judged = judge_file(data, "m.sta", "mt940")
        for told in judged.statements:
            assert told.problem is None or told.problem.code.startswith("FILE_")
        try:
            bank_statements(data, "mt940", "m.sta")
        except Refused as refusal:
            assert refusal.code.startswith(("FILE_", "CURRENCY_"))
