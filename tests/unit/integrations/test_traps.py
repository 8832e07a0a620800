"""What goes wrong with files in practice: each is read exactly, or refused with its place and what to do.

Every trap is handed in at the door, for a settlement file and a bank statement; a refused file changes nothing.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from event_store.aggregates.settlement_file.commands import SettlementLine
from integrations import ingest
from integrations.bank.inbound import ingest_statement
from integrations.gateway.inbound import ingest_settlement
from integrations.gateway.translate import settlement_lines
from integrations.ingest import IngestReport
from integrations.unpack import unpacked
from mymedic.errors import CODES, Refused
from tests.unit.integrations.bank.files import bank_csv, bank_row
from tests.unit.integrations.conftest import FINANCE, TENANT, Clinic
from tests.unit.integrations.gateway.files import generic_csv, generic_row, razorpay_csv, razorpay_row

SETTLEMENT = razorpay_csv(razorpay_row(), razorpay_row(entity_id="pay_2"))
BANK = bank_csv(bank_row(224_100, 224_100), bank_row(-100, 224_000, "SMS CHGS"))


class Door(NamedTuple):
    """A way in, a good file for it, and how many rows that has."""

    name: str
    good: bytes
    hand_in: Callable[[Clinic, bytes], IngestReport]


def _settlement(clinic: Clinic, data: bytes) -> IngestReport:
    return ingest_settlement(clinic.later().desk, TENANT, data, "f.csv", "razorpay_recon_csv_v1", "razorpay", FINANCE)


def _bank(clinic: Clinic, data: bytes) -> IngestReport:
    return ingest_statement(clinic.later().desk, TENANT, data, "f.csv", "bank_csv_v1", "acct_hdfc_1", FINANCE)


DOORS = (Door("settlement", SETTLEMENT, _settlement), Door("bank", BANK, _bank))


@pytest.fixture(params=DOORS, ids=lambda door: door.name)
def door(request: pytest.FixtureRequest) -> Any:
    return request.param


def zipped(*files: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return packed.getvalue()


def workbook() -> bytes:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as book:
        book.add_worksheet().write(0, 0, "entity_id")
    return packed.getvalue()


@pytest.mark.parametrize(
    "written",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.decode().encode("utf-16"),
        lambda data: b"\xfe\xff" + data.decode().encode("utf-16-be"),
        lambda data: data.replace(b"\r\n", b"\n"),
        lambda data: data.replace(b"\r\n", b"\r"),
        lambda data: data.rstrip(b"\r\n"),
        lambda data: data + b"\r\n\r\n",
        gzip.compress,
        lambda data: zipped(("inside/f.csv", data)),
        lambda data: zipped(("__MACOSX/._f.csv", b"\x00"), ("f.csv", data)),
    ],
    ids=["bom", "utf16le", "utf16be", "lf", "cr", "no_end", "blank_rows", "gzip", "zip", "zip_of_a_mac"],
)
def test_the_same_file_written_otherwise_is_read_exactly(
    door: Door, clinic: Clinic, written: Callable[[bytes], bytes]
) -> None:
    report = door.hand_in(clinic, written(door.good))
    assert (report.status, report.rows, report.rows_recorded) == ("accepted", 2, 2), report.error
    assert door.hand_in(clinic, door.good).rows_recorded == 0, "the lines are the same as those of the plain file"


def test_a_file_is_the_same_packed_or_not(door: Door, clinic: Clinic) -> None:
    door.hand_in(clinic, zipped(("f.csv", door.good)))
    again = door.hand_in(clinic, gzip.compress(door.good))
    assert (again.status, again.error and again.error.code) == ("duplicate", "FILE_DUPLICATE")


BOMB = gzip.compress(bytes(3 << 20))


@pytest.mark.parametrize(
    ("broken", "code", "hint"),
    [
        (lambda data: b"", "FILE_BAD_HEADER", "empty_file"),
        (lambda data: b"\r\n\r\n", "FILE_BAD_HEADER", "header"),
        (lambda data: data.replace(b",", b";"), "FILE_BAD_HEADER", "separator"),
        (lambda data: data.replace(b",", b"\t"), "FILE_BAD_HEADER", "separator"),
        (lambda data: data.replace(b"\r\n", b",extra\r\n", 1), "FILE_BAD_HEADER", "header"),
        (lambda data: data.rstrip(b"\r\n") + b",,,\r\n", "FILE_BAD_ROW", "row_too_long"),
        (lambda data: data + b"a,b\r\n", "FILE_BAD_ROW", "row_truncated"),
        (lambda data: data + b"na\xefve," * 5, "FILE_BAD_ROW", "encoding"),
        (lambda data: data + b"\x00\x00\x00\x00", "FILE_BAD_ROW", "nul"),
        (lambda data: data.decode().encode("utf-16-le"), "FILE_BAD_ROW", "nul"),
        (lambda data: data + b"x" * 10_000_000, "FILE_BAD_ROW", "csv_syntax"),
        (lambda data: data + b"x," * 5_000_000, "FILE_BAD_ROW", "row_too_long"),
        (lambda data: workbook(), "FILE_BAD_HEADER", "xlsx"),
        (lambda data: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "FILE_BAD_HEADER", "not_text"),
        (lambda data: b"%PDF-1.7", "FILE_BAD_HEADER", "not_text"),
        (lambda data: zipped(("a.csv", data), ("b.csv", data)), "FILE_BAD_HEADER", "package"),
        (lambda data: zipped(), "FILE_BAD_HEADER", "package"),
        (lambda data: zipped(("a.zip", zipped(("a.csv", data)))), "FILE_BAD_HEADER", "nested"),
        (lambda data: gzip.compress(gzip.compress(data)), "FILE_BAD_HEADER", "nested"),
        (lambda data: zipped(("a.csv", data))[:-30], "FILE_BAD_HEADER", "package"),
        (lambda data: gzip.compress(data)[:-9], "FILE_BAD_HEADER", "package"),
        (lambda data: BOMB, "BODY_TOO_LARGE", "package"),
        (lambda data: zipped(("f.csv", bytes(3 << 20))), "BODY_TOO_LARGE", "package"),
    ],
    ids=[
        "empty",
        "blank",
        "semicolons",
        "tabs",
        "extra_column",
        "extra_cells",
        "cut_row",
        "latin1",
        "nul",
        "utf16_without_mark",
        "long_cell",
        "long_row",
        "xlsx",
        "xls",
        "pdf",
        "two_files",
        "no_file",
        "zip_in_zip",
        "gz_in_gz",
        "cut_zip",
        "cut_gz",
        "bomb_gz",
        "bomb_zip",
    ],
)
def test_a_trap_is_refused_and_changes_nothing(
    door: Door,
    clinic: Clinic,
    broken: Callable[[bytes], bytes],
    code: str,
    hint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if code == "BODY_TOO_LARGE":
        monkeypatch.setattr(ingest, "MAX_FILE_BYTES", 2 << 20)
    report = door.hand_in(clinic, broken(door.good))
    assert report.status == "refused" and report.error is not None
    assert (report.error.code, report.error.details["hint"]) == (code, hint), report.error
    assert len(report.error.message) < 500 and report.error.details["file"] == "f.csv"
    assert [one.event_type for one in clinic.events()] == ["TenantRegistered"]


@pytest.mark.parametrize(
    ("text", "paise"),
    [
        ("1,23,456.78", 12_345_678),
        ("12,34,56,789.5", 12_345_678_950),
        ("123,456.78", 12_345_678),
        ("1,000", 100_000),
    ],
)
def test_grouped_digits_are_read_where_they_can_mean_one_thing_only(text: str, paise: int, clinic: Clinic) -> None:
    report = _bank(clinic, bank_csv(bank_row(paise, paise) | {"credit": text, "balance": text}))
    assert (report.status, report.credit_paise) == ("accepted", paise), report.error


@pytest.mark.parametrize(
    "text", ["1,23", "12,3456.00", "1.234,56", "1,23,456.789", ",123", "1,,234", "Rs 5", "=1+1", "5-"]
)
def test_any_other_grouping_is_refused(text: str, clinic: Clinic) -> None:
    report = _bank(clinic, bank_csv(bank_row(100, 100, credit=text)))
    assert report.error is not None
    details = report.error.details
    assert (report.error.code, details["row"], details["column"]) == ("FILE_BAD_AMOUNT", 2, "credit")


@pytest.mark.parametrize(
    ("day", "hint"),
    [
        ("11/24/2026", "month_first"),
        ("31/02/2026", "date"),
        ("2026-02-30", "date"),
        ("24-11-2026", "date"),
        ("", "date"),
    ],
)
def test_an_impossible_day_says_how_the_format_writes_days(day: str, hint: str, clinic: Clinic) -> None:
    report = _bank(clinic, bank_csv(bank_row(100, 100, value_date=day)))
    assert report.error is not None
    assert (report.error.code, report.error.details["hint"]) == ("FILE_BAD_ROW", hint)
    assert (report.error.details["row"], report.error.details["column"]) == (2, "value_date")


def test_a_formula_is_kept_as_the_text_that_it_is(clinic: Clinic) -> None:
    """Only a spreadsheet would run it; files that leave write it so that none does."""
    formula = '=HYPERLINK("http://x","pay")'
    penalty = generic_row(entity_type="adjustment", description=formula, debit_paise="0", amount_paise="244100")
    (line,) = settlement_lines(generic_csv(penalty), "generic_csv_v1", "pos_hdfc", "f.csv")
    assert line.description == formula
    assert _bank(clinic, bank_csv(bank_row(100, 100, formula))).status == "accepted"


def test_a_row_that_stands_twice_counts_once(clinic: Clinic) -> None:
    report = _settlement(clinic, razorpay_csv(razorpay_row(), razorpay_row()))
    assert (report.status, report.rows, report.rows_recorded, report.rows_redelivered) == ("accepted", 2, 1, 1)


@given(st.binary(max_size=400))
def test_no_package_fails_in_another_way(noise: bytes) -> None:
    for data in (noise, b"\x1f\x8b" + noise, b"PK\x03\x04" + noise, zipped(("a", noise))[:-4], gzip.compress(noise)):
        try:
            unpacked(data, "f", 1 << 20)
        except Refused as refusal:
            assert refusal.code in CODES


AMOUNTS = st.integers(0, 10**9)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).map(str.strip)


@settings(max_examples=40)
@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, WORDS, WORDS), min_size=1, max_size=4))
def test_lines_written_and_read_again_are_the_same(drawn: list[tuple[int, int, int, str, str]]) -> None:
    rows = [
        generic_row(
            entity_id=f"pay_{number}",
            amount_paise=str(net + fee + tax),
            fee_excl_paise=str(fee),
            tax_paise=str(tax),
            credit_paise=str(net),
            order_receipt=receipt,
            method=method,
        )
        for number, (net, fee, tax, receipt, method) in enumerate(drawn)
    ]
    lines = settlement_lines(generic_csv(*rows), "generic_csv_v1", "pos_hdfc", "f.csv")
    again = settlement_lines(generic_csv(*(_row_of(line) for line in lines)), "generic_csv_v1", "pos_hdfc", "f.csv")
    assert [_without_hash(line) for line in again] == [_without_hash(line) for line in lines]


def _without_hash(line: SettlementLine) -> SettlementLine:
    """A time is written in more than one way, and the hash is of what was written."""
    return replace(line, raw_sha256="0" * 64)


def _row_of(line: SettlementLine) -> dict[str, str]:
    values: dict[str, Any] = {name: getattr(line, name) for name in line.__struct_fields__}
    values |= {"gateway": "pos_hdfc", "created_at": line.created_at.isoformat()}
    values["settled_at"] = line.settled_at.isoformat() if line.settled_at else None
    values |= {name: str(values[name]).lower() for name in ("on_hold", "settled")}
    return {name: "" if value is None else str(value) for name, value in values.items()}
