"""Rows of a foreign file: translated exactly or written down with row, column, code and message."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from event_store.ledger import open_ledger
from event_store.retention.keys import Vault
from event_store.store import Store, assemble
from integrations.history.inbound import ImportReport, import_appointments
from integrations.history.mapping import load_mapping
from mymedic.clock import ManualClock
from mymedic.errors import Refused
from mymedic.ids import DerivedIds
from tests.unit.integrations.history.test_mapping import GOOD, written

HEADER = "id,patient,branch,status,starts,booked,price,age\n"
MAPPING = GOOD.replace(
    'start_at = "starts"', 'start_at = "starts"\nbooked_at = "booked"\nprice_rupees = "price"'
).replace('came = "fulfilled"', 'came = "fulfilled"\nstayed = "noshow"') + (
    '[[checks]]\ncolumn = "age"\nminimum = 0\nseverity = "warning"\n'
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = ManualClock(datetime(2026, 11, 2, tzinfo=UTC))
    vault = Vault(tmp_path / "keys.sqlite", bytes(32))
    with assemble(open_ledger(f"sqlite:///{tmp_path / 'l.sqlite'}"), vault, clock, DerivedIds()) as opened:
        yield opened


def run(store: Store, tmp_path: Path, *rows: str, mapping: str = MAPPING) -> ImportReport:
    file = tmp_path / "history.csv"
    file.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return import_appointments(store.handler, file, load_mapping(written(tmp_path, mapping)), tmp_path / "found")


def found(path: Path | None) -> list[tuple[str, str, str]]:
    if path is None:
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["row"], row["column"], row["code"]) for row in csv.DictReader(file)]


def test_a_row_becomes_one_event(store: Store, tmp_path: Path) -> None:
    report = run(store, tmp_path, "A1,P1,Fort,came,2026-01-05T10:00,2026-01-03T09:30,1499.50,40")
    assert (report.read, report.accepted, report.rejected, report.warnings) == (1, 1, 0, 0)
    tenant, event = store.feed.read("ten_old")
    assert tenant.event_type == "TenantRegistered"
    imported = event.event
    assert event.event_type == "AppointmentImported"
    assert event.occurred_at == datetime(2026, 1, 3, 4, 0, tzinfo=UTC)  # the zone's wall clock
    assert event.recorded_at == datetime(2026, 11, 2, tzinfo=UTC)
    assert (imported.start_at, imported.time_precision) == (datetime(2026, 1, 5, 4, 30, tzinfo=UTC), "minute")  # type: ignore[attr-defined]
    assert imported.price_quoted_paise == 149_950  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("A1,P1,Fort,danced,2026-01-05T10:00,,,40", "status", "IMPORT_ROW_INVALID"),
        ("A1,P1,Fort,came,soon,,,40", "starts", "IMPORT_ROW_INVALID"),
        ("A1,P1,Fort,came,2026-01-05T10:00Z,,,40", "starts", "IMPORT_ROW_INVALID"),
        ("A1,,Fort,came,2026-01-05T10:00,,,40", "patient", "IMPORT_ROW_INVALID"),
        ("A1,P1,Fort,came,2026-01-05T10:00,,12.345,40", "price", "IMPORT_ROW_INVALID"),
        ("A1,P1,Fort,came,2026-01-05T10:00,,-5.00,40", "price", "IMPORT_ROW_INVALID"),
        ("A1,P1,Fort,came,2026-01-05T10:00,,999999999999999,40", "price", "IMPORT_ROW_INVALID"),
        ("A1,P1,Fort,came,9999-12-31T10:00,,,40", "starts", "IMPORT_ROW_INVALID"),
        ("A1,P1,Fort,came,2026-01-05T10:00,2026-01-06T00:00,,40", "booked", "BOOKED_AFTER_START"),
        ("A1,P1,Fort,came", "", "IMPORT_ROW_INVALID"),
        ("A1,P1,Fort,came,2026-01-05T10:00,,,40,more", "", "IMPORT_ROW_INVALID"),
    ],
)
def test_a_bad_row_is_written_down_and_the_rest_goes_on(
    store: Store, tmp_path: Path, row: str, column: str, code: str
) -> None:
    report = run(store, tmp_path, row, "A2,P2,Fort,stayed,2026-01-05T10:00,,,30")
    assert (report.read, report.accepted, report.rejected) == (2, 1, 1)
    assert found(report.rejects_file) == [("2", column, code)]


def test_the_same_appointment_twice_in_a_file_is_told(store: Store, tmp_path: Path) -> None:
    row = "A1,P1,Fort,came,2026-01-05T10:00,,,40"
    report = run(store, tmp_path, row, row)
    assert (report.accepted, found(report.rejects_file)) == (1, [("3", "id", "ALREADY_EXISTS")])


def test_a_changed_row_of_a_known_appointment_is_refused(store: Store, tmp_path: Path) -> None:
    run(store, tmp_path, "A1,P1,Fort,came,2026-01-05T10:00,,,40")
    report = run(store, tmp_path, "A1,P1,Fort,stayed,2026-01-05T10:00,,,40")
    assert (report.accepted, found(report.rejects_file)) == (0, [("2", "id", "ALREADY_EXISTS")])


def test_a_warning_keeps_the_row_and_a_reject_check_does_not(store: Store, tmp_path: Path) -> None:
    report = run(store, tmp_path, "A1,P1,Fort,came,2026-01-05T10:00,,,-1")
    assert (report.accepted, found(report.warnings_file)) == (1, [("2", "age", "IMPORT_ROW_INVALID")])
    strict = MAPPING.replace('severity = "warning"', 'severity = "reject"')
    report = run(store, tmp_path, "A2,P1,Fort,came,2026-01-06T10:00,,,-1", mapping=strict)
    assert (report.accepted, found(report.rejects_file)) == (0, [("2", "age", "IMPORT_ROW_INVALID")])


def test_a_missing_column_refuses_the_file(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "short.csv"
    file.write_text("id,patient,branch,status\n", encoding="utf-8")
    with pytest.raises(Refused) as refusal:
        import_appointments(store.handler, file, load_mapping(written(tmp_path, MAPPING)), tmp_path)
    assert (refusal.value.code, refusal.value.details["column"]) == ("MAPPING_INVALID", "starts")


def test_a_column_that_stands_twice_refuses_the_file(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    row = "A1,P1,Fort,came,2026-01-05T10:00,,500.00,40,700.00\n"
    file.write_text(f"{HEADER.strip()},price\n{row}", encoding="utf-8")
    with pytest.raises(Refused, match="more than one column 'price'"):
        import_appointments(store.handler, file, load_mapping(written(tmp_path, MAPPING)), tmp_path)
    assert list(store.feed.tenants()) == []


def test_bytes_that_are_no_text_are_named_by_their_row(store: Store, tmp_path: Path) -> None:
    row = "A{},P1,Fort,came,2026-01-05T10:00,,,40\n"
    for good in (3, 3_000):
        file = tmp_path / "history.csv"
        rows = "".join(row.format(number) for number in range(good))
        file.write_bytes((HEADER + rows).encode() + row.format("é").encode("latin-1"))
        with pytest.raises(Refused) as refusal:
            import_appointments(store.handler, file, load_mapping(written(tmp_path, MAPPING)), tmp_path)
        assert refusal.value.details["row"] == good + 2


def test_a_zip_holds_one_file_or_is_refused(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "history.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("history.csv", HEADER + "A1,P1,Fort,came,2026-01-05T10:00,,,40\n")
    mapping = load_mapping(written(tmp_path, MAPPING))
    assert import_appointments(store.handler, file, mapping, tmp_path).accepted == 1
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("another.csv", HEADER)
    with pytest.raises(Refused) as refusal:
        import_appointments(store.handler, file, mapping, tmp_path)
    assert refusal.value.code == "FILE_BAD_HEADER"
    with pytest.raises(Refused) as refusal:
        import_appointments(store.handler, tmp_path / "absent.csv", mapping, tmp_path)
    assert refusal.value.code == "FILE_BAD_HEADER"
