"""Events in the shapes of earlier programs are read in today's; fixtures are stored and never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_store.aggregates.appointment.events import AppointmentBooked
from event_store.aggregates.payment.events import PaymentCaptured
from event_store.catalogue import EVENTS, decode_event, encode_payload
from event_store.feed import RAW_COLUMNS, Feed
from event_store.upcasting import UpcastError, upcast
from mymedic.errors import Refused
from mymedic.money import rupees_text

FIXTURES = Path(__file__).parents[2] / "fixtures" / "events"
# Their way asks for more than the payload: the appointment's start and slot; the service's tax rate; the tenant's
# key, for the keyed hashes of a name and a phone that stood in clear. tests/unit/event_store/test_old_events.py
ASKS_FOR_MORE = {"AppointmentCancelled", "PriceSet", "PatientRegistered"}


def stored(version: str, name: str) -> dict[str, Any]:
    return dict(json.loads((FIXTURES / version / f"{name}.json").read_text()))


NAMES = sorted(
    path.stem for path in (FIXTURES / "v1").glob("*.json") if stored("v1", path.stem)["event_type"] not in ASKS_FOR_MORE
)


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_event_reads_as_its_golden_twin(name: str) -> None:
    old, new = stored("v1", name), stored("v2", name)
    event = decode_event(old["event_type"], old["schema_version"], json.dumps(old["payload"]).encode())
    assert event == msgspec.convert(new["payload"], EVENTS[new["event_type"]])
    assert decode_event(new["event_type"], new["schema_version"], encode_payload(event)) == event


def test_what_asks_for_more_is_never_read_alone() -> None:
    for name in ASKS_FOR_MORE:
        with pytest.raises(UpcastError):
            decode_event(name, 1, b"{}")


def test_a_version_of_tomorrow_stops_the_reader() -> None:
    for name, event in EVENTS.items():
        with pytest.raises(Refused) as refusal:
            decode_event(name, event.version + 1, b"{}")
        assert refusal.value.code == "SCHEMA_VERSION_UNKNOWN"


def test_what_nobody_asked_then_is_unknown_now() -> None:
    old = stored("v1", "appointment_booked")
    booked = decode_event("AppointmentBooked", 1, json.dumps(old["payload"]).encode())
    assert isinstance(booked, AppointmentBooked)
    assert (booked.walk_in, booked.is_new_patient, booked.prior_noshow_count) == (False, None, None)


@given(paise=st.integers(1, 10**14))
def test_no_paisa_is_lost_on_the_way(paise: int) -> None:
    payload = {"amount": rupees_text(paise), "mode": "CASH", "ts": "2024-04-01T04:30:00Z"}
    assert upcast("PaymentCaptured", 1, 2, payload)["amount_paise"] == paise


@pytest.mark.parametrize("changed", [{"amount": "1.005"}, {"amount": "1e3"}, {"amount": ""}, {"mode": "CHEQUE"}])
def test_what_has_no_exact_reading_stops_the_reader(changed: dict[str, str]) -> None:
    payload = {"amount": "1.00", "mode": "UPI", "txn_ref": "pay_1", "ts": "2024-04-01T04:30:00Z", **changed}
    with pytest.raises(UpcastError) as refusal:
        upcast("PaymentCaptured", 1, 2, payload)
    assert refusal.value.code == "SCHEMA_VERSION_UNKNOWN"


def test_an_upcaster_leaves_what_it_was_given_alone() -> None:
    payload = stored("v1", "payment_captured_upi")["payload"]
    before = dict(payload)
    upcast("PaymentCaptured", 1, 2, payload)
    assert payload == before


class OneRow:
    """A ledger with one old event in it, for the reader that hands raw rows on."""

    def __init__(self, event: dict[str, Any]) -> None:
        payload = json.dumps(event["payload"])
        known = {"tenant_id": "ten_test", "seq": 1, "event_type": event["event_type"], "schema_version": 1}
        self._row = tuple((known | {"payload": payload}).get(name) for name in RAW_COLUMNS)

    def scan(self, sql: str, parameters: Sequence[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        yield [self._row]


def test_the_landing_is_given_todays_shape_and_the_version_as_written() -> None:
    ledger: Any = OneRow(stored("v1", "payment_captured_upi"))
    ((row,),) = Feed(ledger).raw_batches("ten_test", until_seq=1)
    raw = dict(zip(RAW_COLUMNS, row, strict=True))
    assert raw["schema_version"] == 1
    captured = msgspec.json.decode(raw["payload"], type=PaymentCaptured)
    assert (captured.amount_paise, captured.channel, captured.source) == (149_950, "gateway", "legacy")
