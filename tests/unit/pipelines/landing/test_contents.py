"""What lands is what was recorded: every column against a slow walk over the events."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_store.feed import RAW_COLUMNS
from mymedic.clock import from_micros
from mymedic.errors import Refused
from mymedic.messages import Event
from pipelines.landing.schema import tables
from pipelines.landing.table import Column, Kind, Table
from pipelines.landing.write import land
from tests.unit.pipelines.landing.any_events import TENANT, ListFeed, histories, patient_key

History = Sequence[tuple[tuple[Any, ...], Event]]


def landed_rows(landing_dir: Path, table: Table) -> list[dict[str, Any]]:
    folder = landing_dir / TENANT / table.name
    files = sorted(folder.glob("*.parquet"))
    assert files, f"{table.name} has no file"
    for file in files:
        assert pq.read_schema(file).equals(table.arrow), file
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def expected_rows(history: History, table: Table) -> list[dict[str, Any]]:
    expected = []
    for row, event in history:
        if type(event).__name__ in tables()[table.aggregate].events:
            envelope = expected_envelope(dict(zip(RAW_COLUMNS, row, strict=True)))
            raw_actor = json.loads(row[RAW_COLUMNS.index("actor")])["id"]
            if not table.item_path:
                expected.append(envelope | said(event, table, envelope, raw_actor))
                continue
            for ordinal, item in enumerate(found(event, table.item_path) or (), 1):
                shared = {column.name: envelope[column.name] for column in table.envelope if column.name != "ordinal"}
                expected.append(shared | {"ordinal": ordinal} | said(item, table, envelope, raw_actor))
    return expected


def expected_envelope(row: dict[str, Any]) -> dict[str, Any]:
    actor, patient, _ = json.loads(row.pop("actor")), row.pop("patient_id"), row.pop("payload")
    is_patient = actor["type"] == "patient"
    kind, _, id = row["stream_id"].partition("-")
    return row | {
        "stream_id": f"{kind}-{patient_key(id)}" if kind in ("patient", "subject") else row["stream_id"],
        "patient_key": patient and patient_key(patient),
        "occurred_at": from_micros(row["occurred_at"]),
        "recorded_at": from_micros(row["recorded_at"]),
        "actor_type": actor["type"],
        "actor_id": patient_key(actor["id"]) if is_patient else actor["id"],
        "entry_channel": row.pop("channel"),
    }


def said(part: Any, table: Table, envelope: dict[str, Any], raw_actor: str) -> dict[str, Any]:
    return {column.name: in_landing(found(part, column.path), column, envelope, raw_actor) for column in table.columns}


def found(part: Any, path: Sequence[str]) -> Any:
    for name in path:
        if part is None:
            return None
        by_name = {one.encode_name: one.name for one in msgspec.structs.fields(part)}
        config = part.__struct_config__
        part = config.tag if name == config.tag_field else getattr(part, by_name.get(name, ""), None)
    return part


def in_landing(value: Any, column: Column, envelope: dict[str, Any], raw_actor: str) -> Any:
    if value is None:
        return None
    if column.is_count:
        return len(value)
    if column.kind is Kind.JSON:
        return json.loads(msgspec.json.encode(value))
    if column.identity == "patient" or (column.identity == "actor" and value.startswith("pat_")):
        return patient_key(value)
    if column.identity == "actor" and value == raw_actor:
        return envelope["actor_id"]
    assert isinstance(value, str | int | bool | datetime | date)
    return value


def assert_landed(landing_dir: Path, history: History) -> None:
    for table in tables().values():
        rows = landed_rows(landing_dir, table)
        for column in table.columns:
            if column.kind is Kind.JSON:
                for row in rows:
                    row[column.name] = row[column.name] and json.loads(row[column.name])
        assert rows == expected_rows(history, table)


@settings(deadline=None, max_examples=40)
@given(histories(), st.lists(st.integers(1, 5)), st.lists(st.integers(0, 12)), st.booleans())
def test_whatever_the_batches_and_runs_the_events_land_as_they_are(
    history: History, cuts: list[int], runs: list[int], in_arrow: bool
) -> None:
    rows = [row for row, _ in history]
    with tempfile.TemporaryDirectory() as folder:
        for length in [*sorted(runs), len(rows)]:
            report = land(ListFeed(rows[:length], cuts, in_arrow), TENANT, Path(folder), patient_key)
            assert report.landed_to == min(length, len(rows))
            assert report.relanded is None
        assert_landed(Path(folder), history)


@settings(deadline=None, max_examples=15)
@given(histories(max_size=20))
def test_no_patient_id_stands_anywhere(history: History) -> None:
    with tempfile.TemporaryDirectory() as folder:
        land(ListFeed([row for row, _ in history]), TENANT, Path(folder), lambda patient_id: "k" + patient_id[-1:])
        for table in tables().values():
            for row in landed_rows(Path(folder), table):
                assert "pat_" not in repr(row), table.name


def a_row(**changed: Any) -> tuple[Any, ...]:
    row = {
        "tenant_id": TENANT,
        "seq": 1,
        "event_id": "evt_1",
        "stream_id": "payment-pay_1",
        "stream_version": 1,
        "event_type": "PaymentAllocated",
        "schema_version": 1,
        "occurred_at": 1,
        "recorded_at": 2,
        "causation_id": "cmd_1",
        "actor": '{"id":"stf_1","type":"user"}',
        "channel": "console",
        "payload": '{"allocation_id":"all_1","amount_paise":500,"invoice_id":"inv_1"}',
    } | changed
    return tuple(row.get(name) for name in RAW_COLUMNS)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (a_row(tenant_id="ten_other"), "TENANT_MISMATCH"),
        (a_row(event_type="SomethingNew"), "SCHEMA_VERSION_UNKNOWN"),
        (a_row(payload='{"allocation_id":"all_1","invoice_id":"inv_1"}'), "LANDING_CORRUPT"),
        (a_row(payload='{"allocation_id":"all_1","amount_paise":"much","invoice_id":"inv_1"}'), "LANDING_CORRUPT"),
    ],
)
def test_what_cannot_be_read_stops_the_landing(tmp_path: Path, row: tuple[Any, ...], code: str) -> None:
    with pytest.raises(Refused) as refused:
        land(ListFeed([row]), TENANT, tmp_path, patient_key)
    assert refused.value.code == code
    assert not (tmp_path / TENANT).exists()


def test_a_hole_is_found_behind_an_optional_field_of_another_event(tmp_path: Path) -> None:
    """`gateway` is always in PaymentInitiated and sometimes in PaymentCaptured: two with, two without."""
    initiated = {"patient_id": "pat_1", "purpose": "full", "amount_paise": 1, "mode": "upi", "channel": "gateway"}
    initiated |= {
        "order_id": "ord_1",
        "order_receipt": "r",
        "expires_at": "2026-04-01T00:00:00Z",
        "payment_id": "pay_1",
    }
    captured = {"patient_id": "pat_1", "purpose": "full", "amount_paise": 1, "mode": "upi", "channel": "gateway"}
    captured |= {"currency": "INR", "captured_at": "2026-04-01T00:00:00Z", "late_capture": False, "source": "webhook"}
    rows = [
        a_row(seq=1, event_type="PaymentInitiated", payload=json.dumps(initiated)),
        a_row(seq=2, event_type="PaymentCaptured", schema_version=2, payload=json.dumps(captured | {"gateway": "g"})),
    ]
    with pytest.raises(Refused, match="PaymentInitiated at seq 1 says nothing readable for gateway"):
        land(ListFeed(rows), TENANT, tmp_path, patient_key)


def test_a_destroyed_payload_lands_as_an_event_that_says_nothing(tmp_path: Path) -> None:
    land(ListFeed([a_row(payload="{}"), a_row(seq=2, event_id="evt_2")]), TENANT, tmp_path, patient_key)
    rows = landed_rows(tmp_path, tables()["payment"])
    assert [(row["seq"], row["amount_paise"]) for row in rows] == [(1, None), (2, 500)]
