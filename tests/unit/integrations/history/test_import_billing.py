"""Rows of another system's billing: translated exactly, resumed after a kill, or written down with their place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from event_store.ledger import open_ledger
from event_store.ledger.sqlite import SqliteReads
from event_store.retention.keys import Vault
from event_store.store import Store, assemble
from integrations.history import inbound
from integrations.history.inbound import ImportReport, import_billing
from integrations.history.mapping import load_billing_mapping
from mymedic.clock import ManualClock
from mymedic.errors import Refused
from mymedic.ids import DerivedIds
from tests.unit.integrations.history.test_import import found
from tests.unit.integrations.history.test_mapping import written

HEADER = "id,patient,claim,what,amount,paid,how,at\n"
MAPPING = """
source_system = "old-books"
currency = "USD"
is_taken_as_inr = true
[tenant]
id = "ten_old"
name = "Old"
kind = "chain"
state_code = "KA"
[times]
zone = "UTC"
[columns]
external_ref = "id"
patient_ref = "patient"
charge_ref = "claim"
kind = "what"
method = "how"
occurred_at = "at"
[kinds]
C = { kind = "charge", amount = "amount" }
P = { kind = "payment", amount = "paid" }
"""
CHARGE, PAYMENT = "1,P1,B1,C,100.00,,,2023-01-27T16:17:47Z", "2,P1,B1,P,,100.50,CASH,1968-01-27T16:17:47Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = ManualClock(datetime(2026, 11, 2, tzinfo=UTC))
    vault = Vault(tmp_path / "keys.sqlite", bytes(32))
    with assemble(open_ledger(f"sqlite:///{tmp_path / 'l.sqlite'}"), vault, clock, DerivedIds()) as opened:
        yield opened


def run(store: Store, tmp_path: Path, *rows: str, mapping: str = MAPPING, data: bytes | None = None) -> ImportReport:
    file = tmp_path / "billing.csv"
    file.write_bytes(data or (HEADER + "".join(f"{row}\n" for row in rows)).encode())
    return import_billing(store.handler, file, load_billing_mapping(written(tmp_path, mapping)), tmp_path / "found")


def test_a_row_becomes_one_event_of_its_bill(store: Store, tmp_path: Path) -> None:
    report = run(store, tmp_path, CHARGE, PAYMENT)
    assert (report.read, report.accepted, report.rejected) == (2, 2, 0)
    _, charge, payment = store.feed.read("ten_old")
    assert charge.stream_id == payment.stream_id
    assert (charge.occurred_at, payment.occurred_at.year) == (datetime(2023, 1, 27, 16, 17, 47, tzinfo=UTC), 1968)
    event = payment.event
    assert (event.kind, event.amount_paise, event.currency, event.method) == ("payment", 10_050, "USD", "CASH")  # type: ignore[attr-defined]
    assert event.flags == ("over_collected",)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("9,P1,B1,X,1.00,,,2023-01-27T16:17:47Z", "what"),
        ("9,P1,B1,C,,1.00,,2023-01-27T16:17:47Z", "amount"),
        ("9,P1,B1,C,1.005,,,2023-01-27T16:17:47Z", "amount"),
        ("9,P1,B1,C,-1.00,,,2023-01-27T16:17:47Z", "amount"),
        ("9,P1,B1,C,=1+1,,,2023-01-27T16:17:47Z", "amount"),
        ("9,P1,B1,C,1.00,,,27/01/2023", "at"),
        ("9,P1,B1,C,1.00,,,0001-01-01T00:00:00+14:00", "at"),
        ("9,,B1,C,1.00,,,2023-01-27T16:17:47Z", "patient"),
        (f"{'9' * 129},P1,B1,C,1.00,,,2023-01-27T16:17:47Z", "id"),
        ("9\0,P1,B1,C,1.00,,,2023-01-27T16:17:47Z", "id"),
        ("9,P1,B1,C,1.00", ""),
        ("9,P1,B1,C,1.00,,,2023-01-27T16:17:47Z,more", ""),
    ],
)
def test_a_bad_row_is_written_down_and_the_others_come_in(store: Store, tmp_path: Path, row: str, column: str) -> None:
    report = run(store, tmp_path, CHARGE, row, PAYMENT)
    assert (report.read, report.accepted, report.rejected) == (3, 2, 1)
    assert found(report.rejects_file) == [("3", column, "IMPORT_ROW_INVALID")]


def test_a_row_that_changed_is_refused(store: Store, tmp_path: Path) -> None:
    run(store, tmp_path, CHARGE)
    changed = CHARGE.replace("100.00", "101.00")
    report = run(store, tmp_path, changed, changed)
    assert found(report.rejects_file) == [("2", "id", "ALREADY_EXISTS"), ("3", "id", "ALREADY_EXISTS")]


def test_an_import_that_was_killed_goes_on_where_it_was(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{number},P1,B1,C,1.00,,,2023-01-27T16:17:47Z" for number in range(25)]
    monkeypatch.setattr(inbound, "CHUNK", 10)

    def die(rows: int) -> None:
        if rows == 20:
            raise KeyboardInterrupt

    file = tmp_path / "billing.csv"
    file.write_text(HEADER + "\n".join(rows), encoding="utf-8")
    mapping = load_billing_mapping(written(tmp_path, MAPPING))
    with pytest.raises(KeyboardInterrupt):
        import_billing(store.handler, file, mapping, tmp_path / "found", die)
    report = import_billing(store.handler, file, mapping, tmp_path / "found")
    assert (report.read, report.accepted, report.already_known) == (25, 25, 20)
    assert store.feed.head("ten_old") == 26


def test_a_file_that_breaks_off_says_where(store: Store, tmp_path: Path) -> None:
    for broken in (b'3,"open', b"3,na\xefve,B1,C,1.00,,,2023-01-27T16:17:47Z\n"):
        with pytest.raises(Refused) as refusal:
            run(store, tmp_path, data=(HEADER + CHARGE + "\n").encode() + broken)
        assert refusal.value.code == "FILE_BAD_ROW"
        assert refusal.value.details["file"] == "billing.csv"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("is_taken_as_inr = true", "", "is_taken_as_inr"),
        ('kind = "charge"', 'kind = "gift"', "kinds[...].kind"),
        ('zone = "UTC"', 'zone = "Mars/Olympus"', "times.zone"),
        ('currency = "USD"', 'currency = "USD"\nencoding = "klingon"', "encoding"),
        ('currency = "USD"', 'currency = "USD"\ndelimiter = "--"', "delimiter"),
        (MAPPING[MAPPING.index("C = {") :], "", "kinds"),
    ],
)
def test_a_bad_mapping_says_where(tmp_path: Path, old: str, new: str, field: str) -> None:
    with pytest.raises(Refused) as refusal:
        load_billing_mapping(written(tmp_path, MAPPING.replace(old, new)))
    assert (refusal.value.code, refusal.value.details["field"]) == ("MAPPING_INVALID", field)


def test_a_column_that_the_file_lacks_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refusal:
        run(store, tmp_path, mapping=MAPPING.replace('amount = "paid"', 'amount = "PAYMENTS"'), data=HEADER.encode())
    assert (refusal.value.code, refusal.value.details["column"]) == ("MAPPING_INVALID", "PAYMENTS")
    assert "ten_old" not in store.feed.tenants(), "a file that cannot be read makes no tenant"


def test_the_rows_of_a_chunk_ask_the_ledger_together(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question per row is a round trip per row where the database is elsewhere."""
    asked: list[str] = []
    answer = SqliteReads.rows

    def counted(reads: SqliteReads, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        asked.append(sql)
        return answer(reads, sql, parameters)

    monkeypatch.setattr(SqliteReads, "rows", counted)
    rows = [f"{number},P1,B{number // 3},C,1.00,,,2023-01-27T16:17:47Z" for number in range(90)]
    assert run(store, tmp_path, *rows).accepted == 90
    assert len(asked) < 20
