"""Long parts of a log come as Arrow: the same facts as rows give, and the same refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from event_store import feed as feeding
from event_store import raw
from event_store.aggregates.cash_session.events import CashMovementRecorded
from event_store.ledger.columnar import Part
from event_store.ledger.sqlite import SqliteLedger
from event_store.upcasting import UPCASTERS
from mymedic.errors import Refused
from pipelines.landing.rows import arrow
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import TENANT, accepted, open_drawer, patient, petty, register_tenant, submit


@pytest.fixture
def filled(bench: Bench) -> Bench:
    """A log with what is awkward: absent keys, sealed parts, letters of many kinds."""
    register_tenant(bench.store)
    ack = accepted(submit(bench.store, open_drawer(), "cmd_open"))
    assert ack.stream_id is not None
    for number in range(20):
        note = msgspec.structs.replace(petty(ack.stream_id.removeprefix("cash-")), reference='"ü"\n₹\\ 👩‍⚕️')
        accepted(submit(bench.store, note, f"cmd_{number}"))
        accepted(submit(bench.store, patient(f"Asha {number}"), f"cmd_patient_{number}", correlation_id=None))
    return bench


@pytest.fixture
def columnar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "COLUMNAR_FROM", 1)


def batches(bench: Bench, **how: Any) -> list[raw.RawBatch]:
    return list(bench.store.feed.raw_batches(TENANT, **how))


def rows(found: list[raw.RawBatch]) -> list[dict[str, Any]]:
    """As the landing reads them: an empty text is none."""
    tables = pa.Table.from_batches([arrow(batch) for batch in found]).to_pylist()
    return [{name: None if value == "" else value for name, value in row.items()} for row in tables]


def test_columns_say_what_rows_say(filled: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    as_rows = batches(filled)
    monkeypatch.setattr(feeding, "COLUMNAR_FROM", 1)
    monkeypatch.setattr(feeding, "COLUMNAR_SIZE", 7)
    as_columns = batches(filled)
    assert all(isinstance(batch, list) for batch in as_rows)
    assert all(isinstance(batch, pa.RecordBatch) for batch in as_columns)
    assert rows(as_columns) == rows(as_rows)
    assert rows(batches(filled, after_seq=5, until_seq=30)) == rows(as_rows)[5:30]


@pytest.mark.usefixtures("columnar")
def test_a_hole_is_seen(filled: Bench) -> None:
    if filled.url.startswith("sqlite"):
        filled.sql("DROP TRIGGER event_no_delete")
    else:
        filled.sql("ALTER TABLE event DISABLE TRIGGER event_no_change")
    filled.sql("DELETE FROM event WHERE seq = 9")
    with pytest.raises(Refused, match="seq 9 of ten_test is missing"):
        batches(filled)


@pytest.mark.usefixtures("columnar")
def test_a_newer_programs_event_stops_the_reader(filled: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CashMovementRecorded, "version", 0)
    with pytest.raises(Refused) as refusal:
        batches(filled)
    assert refusal.value.code == "SCHEMA_VERSION_UNKNOWN"


@pytest.mark.usefixtures("columnar")
def test_an_old_shape_is_brought_up_to_date(filled: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CashMovementRecorded, "version", 2)
    monkeypatch.setitem(UPCASTERS, ("CashMovementRecorded", 1), lambda old, past: {**old, "reference": "told anew"})
    payloads = [row["payload"] for row in rows(batches(filled)) if row["event_type"] == "CashMovementRecorded"]
    assert payloads == ['{"amount_paise":100,"kind":"float_in","reference":"told anew"}'] * 20


def test_a_reader_that_fails_says_why(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "no ledger?.sqlite")
    with pytest.raises(Refused, match="no such table: event") as refusal:
        list(ledger.scan_columnar(Part(("seq",), TENANT, 0, 100), 10))
    assert refusal.value.code == "STORE_UNAVAILABLE"
    ledger.close()


@pytest.mark.usefixtures("columnar")
def test_whoever_stops_early_leaves_no_reader_behind(filled: Bench) -> None:
    stream = filled.store.feed.raw_batches(TENANT, size=1)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert len(rows(batches(filled))) == filled.store.feed.head(TENANT)
