"""Which appointments stand in the way of a change: found through slots, because slots are what a booking holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from mymedic.deciding import Streams

ACTIVE = frozenset({"pending", "booked", "checked-in", "arrived"})


def in_slots(streams: Streams, slot_ids: Iterable[str]) -> list[Any]:
    """States of the active appointments that hold a token of these slots, each once, in the order of the slots."""
    found: dict[str, Any] = {}
    for slot_id in slot_ids:
        for token in streams.guards("slot_token", f"{slot_id}#"):
            appointment_id = streams.holder("slot_token", token)
            if appointment_id is not None and appointment_id not in found:
                found[appointment_id] = streams.state("appointment", appointment_id)
    return [appointment for appointment in found.values() if appointment.status in ACTIVE]


def of_schedules(streams: Streams, owner: str, owner_id: str, since: datetime) -> list[Any]:
    """Active appointments from an instant on in every schedule of an owner (`branch` or `practitioner`)."""
    found = []
    for claim in streams.guards(f"{owner}_schedule", f"{owner_id}#"):
        schedule_id = claim.rpartition("#")[2]
        schedule = streams.state("schedule", schedule_id)
        found += in_slots(streams, schedule.slot_ids_between(since, None))
    return found
