"""Events that an earlier program wrote, read back by every reader: the fold, the feed, the landing, the opener.

What such an event does not say itself, its stream and its tenant say (DOMAIN §3.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from event_store import feed as feed_module
from event_store import upcasting
from event_store.aggregates.patient.commands import RegisterPatient
from event_store.aggregates.patient.events import PatientPii, PatientRegistered
from event_store.aggregates.patient.state import name_key, phone_key
from event_store.catalogue import EVENTS, aggregate_of_stream
from event_store.feed import RAW_COLUMNS, open_feed
from event_store.ledger import open_ledger
from event_store.ledger.verify import verify_chain
from event_store.rebuild import guard_differences
from event_store.retention.keys import Vault
from event_store.retention.opening import opened_event
from event_store.store import Store, assemble, open_store
from event_store.upcasting import UpcastError, require_chains
from mymedic.clock import ManualClock
from mymedic.errors import Refused
from mymedic.ids import DerivedIds
from mymedic.messages import Envelope, Event
from mymedic.settings import Settings
from tests.old_log import FIXTURES, golden, write_old
from tests.unit.event_store.clinic import DESK

TENANT = "ten_golden"
FOUNDED = {
    "stream_id": f"tenant-{TENANT}",
    "occurred_at": "2024-01-01T00:00:00Z",
    "event_type": "TenantRegistered",
    "schema_version": 1,
    "payload": {"name": "Golden", "kind": "chain", "tz": "Asia/Kolkata", "state_code": "KA"},
}
NAMES = sorted(path.stem for path in (FIXTURES / "v1").glob("*.json") if "before" in golden("v1", path.stem))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    vault = Vault(tmp_path / "keys.sqlite", bytes(32))
    vault.adopt_simulated(TENANT, "golden")  # so that keyed hashes and derived ids are always the same
    clock = ManualClock(datetime(2026, 11, 2, tzinfo=UTC))
    with assemble(open_ledger(f"sqlite:///{tmp_path / 'l.sqlite'}"), vault, clock, DerivedIds()) as opened:
        yield opened


def written(store: Store, *events: dict[str, Any]) -> int:
    """The seq of the last of these, behind a tenant's beginning."""
    return write_old(store, TENANT, [FOUNDED, *events])[-1]


def a_golden(store: Store, name: str) -> int:
    old = golden("v1", name)
    return written(store, *old["before"], old)


def landed(store: Store, seq: int) -> dict[str, Any]:
    ((*_, row),) = store.feed.raw_batches(TENANT)
    raw = dict(zip(RAW_COLUMNS, row, strict=True))
    assert raw["seq"] == seq
    return raw


def test_there_are_fixtures_for_each_that_asks_for_more_than_its_payload() -> None:
    asking = {golden("v1", name)["event_type"] for name in NAMES}
    assert asking == {"AppointmentCancelled", "PriceSet", "PatientRegistered"}


@pytest.mark.parametrize("name", NAMES)
def test_every_reader_reads_the_golden_twin(store: Store, name: str) -> None:
    seq, new = a_golden(store, name), golden("v2", name)
    event_class = EVENTS[new["event_type"]]
    expected = msgspec.convert(new["payload"], event_class)
    recorded = store.feed.read(TENANT)[-1]
    assert (recorded.event, recorded.schema_version) == (expected, 1)  # the version as it was written
    assert store.feed.stream(TENANT, recorded.stream_id)[-1].event == expected
    assert [one.event for one in store.feed.replay(TENANT, seq - 1)] == [expected]
    raw = landed(store, seq)
    assert msgspec.json.decode(raw["payload"], type=event_class) == expected
    assert (raw["schema_version"], "pii" in msgspec.json.decode(raw["payload"])) == (1, False)
    with store.handler.batch() as batch:
        aggregate, id = aggregate_of_stream(recorded.stream_id)
        assert batch.history(TENANT, aggregate.name, id)[-1] == expected
        (again,) = batch.events_among(TENANT, seq - 1, seq, {recorded.event_type}, 1)
        assert again == recorded
    state = aggregate.fresh(id)
    for each in store.feed.stream(TENANT, recorded.stream_id):
        aggregate.evolve(state, each.event)
    assert store.handler.state(TENANT, aggregate.name, id) == state


def test_what_a_patient_is_called_is_given_to_those_who_open_it_and_to_nobody_else(store: Store) -> None:
    seq, new = a_golden(store, "patient_registered"), golden("v2", "patient_registered")
    read: Any = store.feed.read(TENANT)[-1].event
    assert read.pii is None
    assert "Asha" not in landed(store, seq)["payload"]
    with store.ledger.read() as reads:
        opened = opened_event(reads, store.vault, TENANT, "patient-pat_asha", 1, store.handler.pasts)
    assert isinstance(opened, PatientRegistered)
    assert opened.pii == msgspec.convert(new["pii"], PatientPii)
    assert store.handler.opened(TENANT, "patient", "pat_asha", 1) == opened


def test_an_old_patient_is_found_by_name_and_phone_as_a_new_one_is(store: Store) -> None:
    a_golden(store, "patient_registered")
    old: Any = store.feed.read(TENANT)[-1].event
    assert old.phone_hash == store.vault.keyed_hash(TENANT, phone_key("+919845012345"))
    assert old.name_hash == store.vault.keyed_hash(TENANT, name_key("asha rao"))


def test_an_old_log_is_verified_and_its_guards_derived_like_any(store: Store) -> None:
    a_golden(store, "price_set_again")
    assert verify_chain(store.ledger, TENANT).is_whole
    derived = guard_differences(store.ledger, store.feed, TENANT)
    assert all("kept None" in difference for difference in derived)  # nobody kept guards when these were written


@pytest.mark.parametrize(
    ("event_type", "stream_id", "payload", "says"),
    [
        ("AppointmentCancelled", "appointment-appt_1", {"by_patient": True, "reason": "cost"}, "lacks 'forfeit'"),
        (
            "AppointmentCancelled",
            "appointment-appt_1",
            {"by_patient": True, "reason": "cost", "forfeit": "0.005", "refund": "0"},
            "decimals",
        ),
        (
            "AppointmentCancelled",
            "appointment-appt_1",
            {"by_patient": True, "reason": "cost", "forfeit": "-1", "refund": "0"},
            "negative",
        ),
        (
            "AppointmentCancelled",
            "appointment-appt_1",
            {"by_patient": True, "reason": "cost", "forfeit": "1", "refund": "0"},
            "before it had a time",
        ),
        ("PriceSet", "price-svc_1", {"branch_id": "brn_1", "service_code": "X", "amount": "1"}, "no service"),
        ("PatientRegistered", "patient-pat_1", {"name": "A", "phone": "12"}, "phone number"),
        ("PatientRegistered", "patient-pat_1", {"name": "A", "phone": "+19845012345"}, "missing required"),
        ("PaymentCaptured", "payment-pay_1", {"amount": "1.005", "mode": "UPI", "ts": "2024-01-01T00:00:00Z"}, "decim"),
    ],
)
def test_what_has_no_exact_reading_stops_the_reader(
    store: Store, event_type: str, stream_id: str, payload: dict[str, Any], says: str
) -> None:
    written(store, {"event_type": event_type, "schema_version": 1, "stream_id": stream_id, "payload": payload})
    with pytest.raises(UpcastError, match=says) as refusal:
        store.feed.read(TENANT)
    assert refusal.value.code == "SCHEMA_VERSION_UNKNOWN"


def _folds(store: Store) -> Any:
    return store.handler.state(TENANT, "branch", "brn_1")


def _decides(store: Store) -> Any:
    command = RegisterPatient(
        pii=PatientPii(name="A", phone_e164="+919845012345"), sex="other", birth_year=1990, branch_id="brn_1"
    )
    now = store.handler.clock.now()
    ack = store.handler.submit(
        Envelope(command=command, command_id="cmd_2", tenant_id=TENANT, actor=DESK, issued_at=now)
    )
    assert ack.error is not None
    raise Refused(ack.error.code, ack.error.message)


def _batches(store: Store) -> Any:
    with store.handler.batch() as batch:
        return batch.events_among(TENANT, 0, store.feed.head(TENANT), EVENTS, 10)


READERS: dict[str, Callable[[Store], Any]] = {
    "read": lambda store: store.feed.read(TENANT),
    "replay": lambda store: list(store.feed.replay(TENANT)),
    "stream": lambda store: store.feed.stream(TENANT, "branch-brn_1"),
    "raw": lambda store: list(store.feed.raw_batches(TENANT)),
    "fold": _folds,
    "decide": _decides,
    "batch": _batches,
    "open": lambda store: store.handler.opened(TENANT, "branch", "brn_1", 1),
    "guards": lambda store: guard_differences(store.ledger, store.feed, TENANT),
}


@pytest.mark.parametrize("reader", sorted(READERS))
@pytest.mark.parametrize(("event_type", "version"), [("BranchRegistered", 99), ("BranchTeleported", 1)])
def test_an_event_of_tomorrow_stops_every_reader(store: Store, reader: str, event_type: str, version: int) -> None:
    written(store, {"event_type": event_type, "schema_version": version, "stream_id": "branch-brn_1", "payload": {}})
    with pytest.raises(Refused) as refusal:
        READERS[reader](store)
    assert refusal.value.code == "SCHEMA_VERSION_UNKNOWN"


def test_it_stops_the_landing_that_comes_as_arrow_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seq = a_golden(store, "price_set")
    monkeypatch.setattr(feed_module, "COLUMNAR_FROM", 0)
    assert landed(store, seq)["schema_version"] == 1
    write_old(
        store,
        TENANT,
        [{"event_type": "PriceSet", "schema_version": 3, "stream_id": "price-svc_peel", "payload": {}}],
    )
    with pytest.raises(Refused) as refusal:
        list(store.feed.raw_batches(TENANT))
    assert refusal.value.code == "SCHEMA_VERSION_UNKNOWN"


def test_a_reader_apart_from_the_store_has_what_old_events_ask_for(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, ledger_url=None)
    with open_store(settings) as store:
        store.vault.adopt_simulated(TENANT, "golden")
        a_golden(store, "patient_registered")
        expected = store.feed.read(TENANT)
    with open_feed(settings) as feed:
        assert feed.read(TENANT) == expected


def test_every_event_has_an_unbroken_way_from_version_1() -> None:
    require_chains({name: event.version for name, event in EVENTS.items()})
    older = {name for name, event in EVENTS.items() if event.version > 1}
    assert {name for name, _ in upcasting.UPCASTERS} <= older


@pytest.mark.parametrize("opens", [open_store, open_feed])
def test_a_store_with_a_hole_in_that_way_does_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opens: Any
) -> None:
    monkeypatch.setitem(EVENTS, "BranchClosed", _of_version_3())
    monkeypatch.setitem(upcasting.UPCASTERS, ("BranchClosed", 2), upcasting.booked_with_past)
    with (
        pytest.raises(UpcastError, match="no way from version 1 of BranchClosed to 2"),
        opens(Settings(home=tmp_path, ledger_url=None)),
    ):
        pass


def _of_version_3() -> type[Event]:
    class BranchClosed(Event, frozen=True, kw_only=True):
        version = 3

    return BranchClosed
