"""ISO 20022 statements: what is booked counts, and no document makes the reader fetch or grow anything."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.bank.judge import judge_file
from integrations.bank.translate import bank_statements, told_statements
from mymedic.errors import Refused


def entry(
    amount: str = "2241.00", side: str = "CRDT", status: str = "BOOK", words: str = "NEFT CR RAZORPAY", **other: str
) -> str:
    day = other.get("day", "<ValDt><Dt>2026-11-06</Dt></ValDt>")
    currency = other.get("currency", "INR")
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{status}</Sts>{day}'
        "<NtryDtls><TxDtls><Refs><EndToEndId>HDFC0000000000B1</EndToEndId></Refs>"
        f"<RmtInf><Ustrd>{words}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
    )


def balance(kind: str, amount: str, side: str = "CRDT", day: str = "2026-11-05", currency: str = "INR") -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{amount}</Amt>'
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>\n"
    )


BALANCES = balance("OPBD", "1000.00") + balance("CLBD", "3241.00", day="2026-11-06")


def camt(content: str = BALANCES + entry(), namespace: str = "camt.053.001.08", start: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{start}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{namespace}">'
        f"<BkToCstmrStmt><Stmt><Id>1</Id><Acct><Id><Othr><Id>0012345</Id></Othr></Id></Acct>\n{content}"
        "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def refusal_of(data: bytes) -> Refused:
    with pytest.raises(Refused) as refusal:
        bank_statements(data, "camt053", "c.xml")
    assert refusal.value.details["file"] == "c.xml"
    return refusal.value


@pytest.mark.parametrize("day", ["2026-11-06Z", "2026-11-06+05:30", "2026-11-06T23:30:00Z"])
def test_a_value_date_may_have_a_zone(day: str) -> None:
    (statement,) = bank_statements(camt(BALANCES + entry(day=f"<ValDt><Dt>{day}</Dt></ValDt>")), "camt053", "c.xml")
    assert statement.lines[0].value_on == date(2026, 11, 6)


def test_a_statement_becomes_lines() -> None:
    (statement,) = bank_statements(camt(), "camt053", "c.xml")
    (line,) = statement.lines
    assert (statement.opening_paise, statement.closing_paise) == (100_000, 324_100)
    assert (line.row, line.side, line.amount_paise, line.utr) == (5, "C", 224_100, "HDFC0000000000B1")
    assert (line.value_on, line.counterparty_class) == (date(2026, 11, 6), "gateway")


def test_only_what_is_booked_counts() -> None:
    newer = entry(status="<Cd>PDNG</Cd>") + entry("5.00", "DBIT", "<Cd>BOOK</Cd>")
    (told,) = told_statements(camt(balance("PRCD", "10.00") + balance("CLBD", "5.00") + newer), "camt053", "c.xml")
    assert (len(told.lines), told.moved, told.verdict) == (2, Decimal("-5.00"), "foots")
    (statement,) = bank_statements(camt(BALANCES + entry() + entry(status="PDNG")), "camt053", "c.xml")
    assert (len(statement.lines), statement.rows_without_money) == (1, 1)


def test_zeros_behind_the_paisa_mean_nothing() -> None:
    (statement,) = bank_statements(camt(BALANCES + entry("2241.00000")), "camt053", "c.xml")
    assert statement.lines[0].amount_paise == 224_100


@pytest.mark.parametrize(
    ("content", "code", "row", "hint"),
    [
        (BALANCES + entry("2241.005"), "FILE_BAD_AMOUNT", 5, "sub_paise"),
        (BALANCES + entry("1e3"), "FILE_BAD_AMOUNT", 5, "amount"),
        (BALANCES + entry("22<b/>41.00"), "FILE_BAD_AMOUNT", 5, "amount"),
        (BALANCES + balance("CLBD", "1000.00", day="2026-11-06") + entry(), "FILE_BAD_ROW", 5, "balance_twice"),
        (BALANCES + entry("-5.00"), "FILE_BAD_AMOUNT", 5, "amount"),
        (BALANCES + entry(side="UP"), "FILE_BAD_ROW", 5, "side"),
        (BALANCES + entry(status="DONE"), "FILE_BAD_ROW", 5, "status"),
        (BALANCES + entry(day="<ValDt><Dt>06/11/2026</Dt></ValDt>"), "FILE_BAD_ROW", 5, "date"),
        (BALANCES + entry(day="<ValDt><Dt>2026-02-30</Dt></ValDt>"), "FILE_BAD_ROW", 5, "date"),
        (BALANCES + entry(day="<ValDt><Dt>9999-12-31</Dt></ValDt>"), "FILE_BAD_ROW", 5, "year"),
        (BALANCES + entry(day=""), "FILE_BAD_ROW", 5, "date"),
        (BALANCES + entry().replace("<Sts>", '<Amt Ccy="INR">1</Amt><Sts>'), "FILE_BAD_ROW", 5, "twice"),
        (BALANCES + entry(currency="USD"), "CURRENCY_UNSUPPORTED", 2, "currency"),
        (BALANCES.replace("INR", "EUR") + entry(currency="EUR"), "CURRENCY_UNSUPPORTED", 2, "currency"),
        (balance("ITBD", "1000.00") + entry(), "FILE_BAD_ROW", 2, "no_balances"),
    ],
)
def test_a_bad_statement_is_refused_where_it_is_bad(content: str, code: str, row: int, hint: str) -> None:
    refusal = refusal_of(camt(content))
    assert (refusal.code, refusal.details["row"], refusal.details["hint"]) == (code, row, hint)


_LAUGHS = "<!DOCTYPE d [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9)
)


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (
            camt(BALANCES + entry(words="&x;"), start="<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"),
            "doctype",
        ),
        (camt(BALANCES + entry(words="&j;"), start=_LAUGHS + "]>"), "xml"),
        (camt(start='<!DOCTYPE d SYSTEM "http://localhost/x.dtd">'), "doctype"),
        (camt(words) if (words := "<Strd>" * 5_000) else b"", "xml"),
        (camt(BALANCES + entry(words="&nobody;")), "xml"),
        (camt()[:-30], "xml"),
        (b"<a/>", "namespace"),
        (camt(namespace="camt.086.001.02"), "namespace"),
        (camt().replace(b"Stmt>", b"Stat>"), "no_statement"),
        (b"", "xml"),
        (b"\xff\xfe<\x00", "xml"),
    ],
)
def test_a_hostile_or_foreign_document_is_refused(data: bytes, hint: str) -> None:
    refusal = refusal_of(data)
    assert (refusal.code, refusal.details["hint"]) == ("FILE_BAD_HEADER", hint)
    assert "root:" not in str((refusal.message, refusal.details))


@given(st.binary(max_size=80), st.integers(0, 700))
def test_no_bytes_make_the_reader_fail_in_another_way(noise: bytes, at: int) -> None:
    whole = camt()
    for data in (noise, whole[:at], whole[:at] + noise + whole[at:], whole.replace(b"2241.00", noise)):
        for told in judge_file(data, "c.xml", "camt053").statements:
            assert told.problem is None or told.problem.code.startswith("FILE_")
