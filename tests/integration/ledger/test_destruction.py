"""What is destroyed is gone, what is kept still verifies: on every ledger database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from event_store import handle
from event_store.aggregates.data_subject.commands import (
    ApproveErasure,
    ExecuteDestruction,
    RedactField,
    RequestErasure,
)
from event_store.aggregates.data_subject.events import ErasureScope
from event_store.aggregates.patient.commands import RegisterPatient
from event_store.aggregates.patient.events import PatientPii
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.ledger.verify import verify_chain
from event_store.rebuild import guard_differences
from event_store.store import Store
from mymedic.messages import Ack, Actor
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import ENGINEER, MANAGER, TENANT, accepted, patient, register_tenant, submit

AUDITOR = Actor(type="user", id="stf_audit", roles=("AU",))
SECOND = Actor(type="user", id="stf_audit2", roles=("AU",))
NAME, PHONE = "Asha Rao", "+919812345678"
PATIENT = "pat_asha"
REGISTERED = 3  # its seq, after tenant and branch


@pytest.fixture
def registered(bench: Bench) -> Bench:
    register_tenant(bench.store)
    pii = PatientPii(name=NAME, phone_e164=PHONE, address="12 Lake Road")
    command: RegisterPatient = msgspec.structs.replace(patient(), pii=pii, patient_id=PATIENT)
    accepted(submit(bench.store, command, "cmd_patient"))
    return bench


def destroy(bench: Bench, scope: ErasureScope = "full") -> Ack:
    """Eight years later the patient's data is asked for, approved and destroyed."""
    store = bench.store
    bench.clock.at += timedelta(days=8 * 366)
    ask = RequestErasure(patient_id=PATIENT, scope=scope, requested_by=PATIENT, request_id="dst_1")
    accepted(submit(store, ask, "cmd_ask", actor=MANAGER))
    accepted(submit(store, ApproveErasure(request_id="dst_1"), "cmd_approve", actor=AUDITOR))
    bench.clock.at += timedelta(hours=48)
    return submit(store, ExecuteDestruction(request_id="dst_1"), "cmd_destroy", actor=ENGINEER)


def redact(store: Store, json_path: str, event_id: str, command_id: str = "cmd_redact") -> Ack:
    command = RedactField(event_id=event_id, json_path=json_path, reason="wrong patient", authority="MRD 7")
    return submit(store, command, command_id, actor=AUDITOR, cosigner=SECOND)


def stored(bench: Bench, seq: int = REGISTERED) -> tuple[str, str, bytes | None]:
    """(event id, payload, sealed part)"""
    ((event_id, payload, pii),) = bench.sql("SELECT event_id, payload, pii FROM event WHERE seq = ?", seq)
    return event_id, payload, bytes(pii) if pii is not None else None


def opened(bench: Bench, store: Store | None = None) -> dict[str, Any] | None:
    event_id, _, pii = stored(bench)
    assert pii is not None
    clear = (store or bench.store).vault.open(TENANT, PATIENT, event_id, pii)
    return msgspec.json.decode(clear) if clear is not None else None


def check_whole(bench: Bench) -> None:
    """The chain verifies, guards equal their replay, and every reader gets through (R-RET-4)."""
    store = bench.again()
    assert verify_chain(store.ledger, TENANT).problems == []
    assert guard_differences(store.ledger, store.feed, TENANT) == []
    seqs = [event.seq for event in store.feed.read(TENANT)]
    assert seqs == [replayed.seq for replayed in store.feed.replay(TENANT)]
    assert seqs == [row[1] for batch in store.feed.raw_batches(TENANT) for row in batch]
    store.close()


def bytes_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def test_an_erased_patient_can_never_be_read_again(registered: Bench) -> None:
    other = registered.again()
    for store in (registered.store, other):
        assert (opened(registered, store) or {})["name"] == NAME
    with sqlite3.connect(registered.folder / "keys.sqlite") as keys:
        ((wrapped,),) = keys.execute("SELECT wrapped_dek FROM subject_key WHERE subject = ?", (PATIENT,)).fetchall()
    hashes = [value for name, value in msgspec.json.decode(stored(registered)[1]).items() if name.endswith("_hash")]
    assert len(hashes) == 2
    accepted(destroy(registered))
    assert opened(registered) is None and opened(registered, other) is None
    assert "_hash" not in stored(registered)[1]
    left = bytes_under(registered.folder)
    assert wrapped not in left
    assert not [one for one in hashes if one.encode() in left or one[:20].encode() in left]
    check_whole(registered)
    again = submit(registered.store, patient(NAME, PHONE), "cmd_namesake")
    assert again.status == "accepted", "a namesake must not be taken for who is gone"
    assert opened(registered) is None
    other.close()


def test_contact_data_goes_and_the_name_stays(registered: Bench) -> None:
    accepted(destroy(registered, "contact_only"))
    assert opened(registered) == {"name": NAME}
    _, payload, _ = stored(registered)
    assert "phone_hash" not in payload and "name_hash" in payload
    check_whole(registered)


def test_a_redacted_field_is_gone_and_the_others_stay(registered: Bench) -> None:
    event_id, _, before = stored(registered)
    accepted(redact(registered.store, "$.pii.address", event_id))
    assert opened(registered) == {"name": NAME, "phone_e164": PHONE}
    accepted(redact(registered.store, "$.pii.phone_e164", event_id, "cmd_again"))
    assert opened(registered) == {"name": NAME}
    assert registered.store.handler.opened(TENANT, "patient", PATIENT, 1).pii is None  # type: ignore[attr-defined]
    check_whole(registered)
    for path in ("$.pii.address", "$.sex", "$.registered_branch_id", "$.phone_hash"):  # gone, a word, an id, a code
        error = redact(registered.store, path, event_id, f"cmd_{path[2:]}").error
        assert error is not None and error.code == "VALIDATION_FAILED"
    _disarm(registered)
    last = registered.store.feed.head(TENANT)
    for body, problem in (
        (b"another", f"the body of seq {REGISTERED} was changed"),
        (before, f"seq {last} replaced the body of {event_id}: it has not"),
    ):
        registered.sql("UPDATE event SET pii = ? WHERE seq = ?", body, REGISTERED)
        assert verify_chain(registered.store.ledger, TENANT).problems == [f"CHAIN_BROKEN: {problem}"]


def test_free_text_is_redacted_in_place(registered: Bench) -> None:
    event_id, payload, _ = stored(registered, 2)
    assert '"name":"Main"' in payload
    accepted(redact(registered.store, "$.name", event_id))
    assert '"name":"[redacted]"' in stored(registered, 2)[1]
    assert registered.store.handler.state(TENANT, "branch", "brn_main").name == "[redacted]"
    check_whole(registered)


def test_a_crash_after_the_commit_is_made_good_at_the_next_start(
    registered: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(handle, "settle", lambda *_: None)  # the process ends here
        accepted(destroy(registered))
    assert opened(registered) is None, "condemned is unusable already"
    assert registered.store.vault.destroyed_at(TENANT, PATIENT) is None
    store = registered.again()
    assert store.vault.destroyed_at(TENANT, PATIENT) is not None and not store.vault.condemned()
    assert opened(registered, store) is None
    store.close()


def test_a_key_whose_destruction_was_not_kept_is_given_back(registered: Bench) -> None:
    registered.store.vault.condemn(TENANT, PATIENT, "cmd_never_committed")
    assert opened(registered) is None
    store = registered.again()
    assert opened(registered, store) == {"name": NAME, "phone_e164": PHONE, "address": "12 Lake Road"}
    store.close()


NAMING = "evt_naming"
UPDATE = "UPDATE event SET {} WHERE seq = {}"


@pytest.mark.parametrize(
    ("change", "seq", "is_let_through"),
    [
        ("payload = '{{}}', pii = NULL", REGISTERED, True),
        ("payload = '{{}}'", 2, False),
        ("payload_digest = 'x'", REGISTERED, False),
        ("payload = '{{}}', channel = 'api2'", REGISTERED, False),
    ],
)
def test_only_a_named_body_may_change_and_only_then(
    registered: Bench, change: str, seq: int, is_let_through: bool
) -> None:
    update = UPDATE.format(change.format(), seq)
    naming = msgspec.json.encode({"replaced": [{"event_id": stored(registered)[0]}]}).decode()
    new = {"seq": "seq + 1", "event_id": f"'{NAMING}'", "stream_id": "'subject-x'", "stream_version": "1"}
    new |= {"event_type": "'FieldRedacted'", "payload": f"'{naming}'"}
    columns = ", ".join(new.get(name, name) for name in EVENT_COLUMNS)
    insert = f"INSERT INTO event SELECT {columns} FROM event WHERE seq = {REGISTERED}"
    with _transaction(registered) as execute:
        execute(insert)
        if is_let_through:
            execute(update)
        else:
            with pytest.raises((sqlite3.DatabaseError, psycopg.Error), match="append-only"):
                execute(update)
            return
    registered.sql("UPDATE head SET seq = seq + 1")
    with pytest.raises((sqlite3.DatabaseError, psycopg.Error), match="append-only"):
        registered.sql(update)


@contextmanager
def _transaction(bench: Bench) -> Iterator[Any]:
    if bench.url.startswith("sqlite"):
        connection: Any = sqlite3.connect(bench.url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN")
    else:
        connection = psycopg.connect(bench.url)
    try:
        yield connection.execute
        connection.execute("COMMIT")
    finally:
        connection.close()


def _disarm(bench: Bench) -> None:
    if bench.url.startswith("sqlite"):
        bench.sql("DROP TRIGGER event_no_update")
    else:
        bench.sql("ALTER TABLE event DISABLE TRIGGER event_no_change")
