"""What every ledger database must do, said once."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import psycopg
import pytest

from event_store.aggregates.cash_session.commands import RecordCashMovement
from event_store.aggregates.cash_session.events import CashMovementRecorded
from event_store.catalogue import AGGREGATES
from event_store.ledger.verify import verify_chain
from event_store.rebuild import guard_differences
from mymedic.deciding import Decision
from mymedic.errors import Refused
from mymedic.messages import Envelope
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import (
    BRANCH,
    TENANT,
    accepted,
    ask,
    open_drawer,
    patient,
    petty,
    register_tenant,
    submit,
)


def drawer(bench: Bench) -> str:
    ack = accepted(submit(bench.store, open_drawer(), "cmd_open"))
    assert ack.stream_id is not None
    return ack.stream_id.removeprefix("cash-")


def test_seq_is_contiguous_and_recorded_at_never_goes_back(bench: Bench) -> None:
    register_tenant(bench.store)
    session = drawer(bench)
    bench.clock.at -= timedelta(hours=1)  # a clock set back by its owner
    for number in range(5):
        accepted(submit(bench.store, petty(session), f"cmd_{number}"))
    events = bench.store.feed.read(TENANT)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    recorded = [event.recorded_at for event in events]
    assert recorded == sorted(recorded)


def test_the_same_command_again_gives_the_first_answer_and_no_event(bench: Bench) -> None:
    register_tenant(bench.store)
    first = accepted(submit(bench.store, open_drawer(), "cmd_open"))
    again = submit(bench.again(), open_drawer(), "cmd_open")
    assert again.status == "duplicate"
    assert (again.event_ids, again.first_seq, again.stream_id) == (first.event_ids, first.first_seq, first.stream_id)
    assert bench.store.feed.head(TENANT) == first.last_seq


def test_the_same_command_id_with_another_body_is_a_conflict(bench: Bench) -> None:
    register_tenant(bench.store)
    accepted(submit(bench.store, open_drawer(), "cmd_open"))
    other = submit(bench.store, open_drawer("drw_2"), "cmd_open")
    assert other.error is not None and other.error.code == "IDEMPOTENCY_CONFLICT"


def test_a_rejection_is_remembered(bench: Bench) -> None:
    register_tenant(bench.store)
    session = drawer(bench)
    refused = submit(bench.store, open_drawer(), "cmd_second")
    assert refused.error is not None and refused.error.code == "CASH_SESSION_OPEN"
    assert submit(bench.again(), open_drawer(), "cmd_second") == refused
    assert session


def test_a_guard_refuses_its_own_command_and_not_the_group(bench: Bench) -> None:
    register_tenant(bench.store)
    group = [ask(bench.store, open_drawer(f"drw_{n // 2}"), f"cmd_{n}") for n in range(6)]
    acks = bench.store.handler.submit_many(group)
    assert [ack.status for ack in acks] == ["accepted", "rejected"] * 3
    assert {ack.error.code for ack in acks if ack.error} == {"CASH_SESSION_OPEN"}
    assert guard_differences(bench.store.ledger, bench.store.feed, TENANT) == []


def test_what_nobody_could_read_again_is_not_recorded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip in a decision's arithmetic costs its own command, and not the tenant's log."""
    register_tenant(bench.store)
    session = drawer(bench)
    slip = CashMovementRecorded(kind="float_in", amount_paise=-1)
    decision = Decision(lambda state, command, context: [slip], target="cash_session_id")
    with monkeypatch.context() as patch:
        patch.setitem(AGGREGATES["cash_session"].decisions, RecordCashMovement, decision)
        refused = submit(bench.store, petty(session), "cmd_1")
    assert refused.error is not None and refused.error.code == "VALIDATION_FAILED"
    assert refused.error.details == {"event_type": "CashMovementRecorded"}
    accepted(submit(bench.store, petty(session, 500), "cmd_2"))
    assert bench.store.handler.state(TENANT, "cash_session", session).expected_paise == 200_500
    types = [event.event_type for event in bench.store.feed.read(TENANT)]
    assert types[2:] == ["CashSessionOpened", "CashMovementRecorded"]


def test_the_expected_version_is_checked(bench: Bench) -> None:
    register_tenant(bench.store)
    session = drawer(bench)
    accepted(submit(bench.store, petty(session), "cmd_1", expected_version=1))
    late = submit(bench.store, petty(session), "cmd_2", expected_version=1)
    assert late.error is not None and late.error.code == "VERSION_CONFLICT" and late.error.retryable
    accepted(submit(bench.store, petty(session), "cmd_2", expected_version=2))


def test_a_process_sees_what_another_appended_before_it_decides(bench: Bench) -> None:
    register_tenant(bench.store)
    session = drawer(bench)
    other = bench.again()
    for number in range(4):
        accepted(submit((bench.store, other)[number % 2], petty(session, 500), f"cmd_{number}"))
    states = [one.handler.state(TENANT, "cash_session", session).expected_paise for one in (bench.store, other)]
    assert states == [202_000, 202_000]
    assert verify_chain(bench.store.ledger, TENANT).is_whole


def test_a_batch_that_raises_leaves_nothing(bench: Bench) -> None:
    register_tenant(bench.store)
    head = bench.store.feed.head(TENANT)
    with pytest.raises(RuntimeError), bench.store.handler.batch() as batch:
        accepted(batch.handle(ask(bench.store, open_drawer(), "cmd_open")))
        raise RuntimeError("the machine stumbles")
    assert bench.store.feed.head(TENANT) == head
    accepted(submit(bench.store, open_drawer(), "cmd_open"))


def test_a_batch_sees_its_own_events(bench: Bench) -> None:
    register_tenant(bench.store)
    with bench.store.handler.batch() as batch:
        ack = accepted(batch.handle(ask(bench.store, open_drawer(), "cmd_open")))
        assert ack.stream_id is not None
        session = ack.stream_id.removeprefix("cash-")
        accepted(batch.handle(ask(bench.store, petty(session), "cmd_in")))
        again = batch.handle(ask(bench.store, open_drawer(), "cmd_other"))
        assert again.error is not None and again.error.code == "CASH_SESSION_OPEN"
        assert [event.event_type for event in batch.take_recorded()] == ["CashSessionOpened", "CashMovementRecorded"]
        assert batch.state(TENANT, "cash_session", session).expected_paise == 200_100


@pytest.mark.parametrize("statement", ["UPDATE event SET payload = '{}'", "DELETE FROM event"])
def test_the_database_refuses_to_change_what_happened(bench: Bench, statement: str) -> None:
    register_tenant(bench.store)
    with pytest.raises((sqlite3.DatabaseError, psycopg.Error), match="append-only"):
        bench.sql(statement)


def test_a_changed_bit_is_named_by_its_seq(bench: Bench) -> None:
    register_tenant(bench.store)
    assert verify_chain(bench.store.ledger, TENANT).is_whole
    if bench.url.startswith("sqlite"):
        bench.sql("DROP TRIGGER event_no_update")
    else:
        bench.sql("ALTER TABLE event DISABLE TRIGGER event_no_change")
    bench.sql("UPDATE event SET payload = replace(payload, 'Main', 'Mine') WHERE seq = 2")
    assert verify_chain(bench.store.ledger, TENANT).problems == ["CHAIN_BROKEN: the body of seq 2 was changed"]


def test_a_missing_event_stops_the_feed(bench: Bench) -> None:
    register_tenant(bench.store)
    if bench.url.startswith("sqlite"):
        bench.sql("DROP TRIGGER event_no_delete")
    else:
        bench.sql("ALTER TABLE event DISABLE TRIGGER event_no_change")
    bench.sql("DELETE FROM event WHERE seq = 1")
    for read in (lambda: bench.store.feed.read(TENANT), lambda: list(bench.store.feed.raw_batches(TENANT))):
        with pytest.raises(Refused) as refusal:
            read()
        assert refusal.value.code == "FEED_GAP"


def test_an_event_of_a_newer_program_stops_the_reader(bench: Bench) -> None:
    register_tenant(bench.store)
    head = bench.store.feed.head(TENANT)
    columns = (
        "event_type, actor, channel, payload, occurred_at, recorded_at, causation_id, retention_class,"
        " payload_digest, prev_hash, event_hash, tenant_id"
    )
    bench.sql(
        f"INSERT INTO event (seq, event_id, stream_id, stream_version, schema_version, {columns})"
        f" SELECT {head + 1}, 'evt_new', 'branch-brn_new', 1, 99, {columns} FROM event WHERE seq = 1"
    )
    bench.sql("UPDATE head SET seq = seq + 1")
    with pytest.raises(Refused) as refusal:
        bench.store.feed.read(TENANT)
    assert refusal.value.code == "SCHEMA_VERSION_UNKNOWN"
    with pytest.raises(Refused) as refusal:
        list(bench.store.feed.raw_batches(TENANT))
    assert refusal.value.code == "SCHEMA_VERSION_UNKNOWN"


def test_personal_data_is_sealed_and_opens_with_the_subjects_key(bench: Bench) -> None:
    register_tenant(bench.store)
    ack = accepted(submit(bench.store, patient(), "cmd_patient"))
    rows = bench.sql("SELECT payload, pii, event_id, patient_id FROM event WHERE event_type = 'PatientRegistered'")
    (payload, sealed, event_id, patient_id) = rows[0]
    assert "Asha" not in payload and b"Asha" not in bytes(sealed)
    assert ack.stream_id == f"patient-{patient_id}"
    clear = bench.store.vault.open(TENANT, patient_id, event_id, bytes(sealed))
    assert clear is not None and b"Asha Rao" in clear
    assert bench.store.vault.open(TENANT, "pat_other", event_id, bytes(sealed)) is None


def test_tenants_share_a_ledger_and_nothing_else(bench: Bench) -> None:
    for tenant_id in ("ten_a", "ten_b"):
        register_tenant(bench.store, tenant_id)
    ack = accepted(submit(bench.store, open_drawer(), "cmd_1", tenant_id="ten_a"))
    assert ack.stream_id is not None
    session = ack.stream_id.removeprefix("cash-")
    foreign = submit(bench.store, petty(session), "cmd_2", tenant_id="ten_b")
    assert foreign.error is not None and foreign.error.code == "NOT_FOUND"
    accepted(submit(bench.store, open_drawer(), "cmd_1", tenant_id="ten_b"))
    assert {event.tenant_id for event in bench.store.feed.read("ten_b")} == {"ten_b"}
    for tenant_id in ("ten_a", "ten_b"):
        assert verify_chain(bench.store.ledger, tenant_id).is_whole


def test_an_unknown_tenant_has_nothing(bench: Bench) -> None:
    ack = submit(bench.store, open_drawer(), "cmd_1", tenant_id="ten_nobody")
    assert ack.error is not None and ack.error.code == "NOT_FOUND"
    assert bench.store.feed.tenants() == []


def test_timers_and_checkpoints_last(bench: Bench) -> None:
    register_tenant(bench.store)
    with bench.store.handler.batch() as batch:
        batch.session.set_checkpoint(TENANT, "reminders", 3)
        batch.session.set_timer(TENANT, "reminders", "b", 20, "{}")
        batch.session.set_timer(TENANT, "reminders", "a", 10, "{}")
        batch.session.set_timer(TENANT, "reminders", "a", 30, '{"moved":true}')
        batch.session.clear_timer(TENANT, "reminders", "gone")
    with bench.store.ledger.read() as reads:
        assert reads.checkpoint(TENANT, "reminders") == 3
        assert reads.due_timers(TENANT, "reminders", 25) == [("b", 20, "{}")]
        assert [timer_id for timer_id, _, _ in reads.due_timers(TENANT, "reminders", 30)] == ["b", "a"]


def test_events_are_found_by_what_they_concern(bench: Bench) -> None:
    register_tenant(bench.store)
    accepted(submit(bench.store, open_drawer(), "cmd_1", correlation_id="cor_1"))
    accepted(submit(bench.store, open_drawer("drw_2"), "cmd_2"))
    found = bench.store.feed.tagged(TENANT, "correlation", "cor_1")
    assert [event.command_id for event in found] == ["cmd_1"]
    assert {event.actor.id for event in bench.store.feed.tagged(TENANT, "actor", "stf_desk")} == {"stf_desk"}


def test_a_branch_scope_is_kept(bench: Bench) -> None:
    register_tenant(bench.store)
    envelope = ask(bench.store, open_drawer(), "cmd_1")
    import msgspec

    elsewhere: Envelope = msgspec.structs.replace(
        envelope, actor=msgspec.structs.replace(envelope.actor, branch_scope=("brn_other",))
    )
    ack = bench.store.handler.submit(elsewhere)
    assert ack.error is not None and ack.error.code == "FORBIDDEN_BRANCH"
    assert BRANCH == "brn_main"


def test_a_suspended_tenant_is_asked_in_vain(bench: Bench) -> None:
    register_tenant(bench.store)
    # No command suspends a tenant yet: only its state says that one is.
    bench.store.handler.state(TENANT, "tenant", TENANT).status = "suspended"
    ack = submit(bench.store, open_drawer(), "cmd_open")
    assert ack.error is not None and ack.error.code == "TENANT_SUSPENDED"
