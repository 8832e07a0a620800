"""Who waits for a seat at a branch, longest first."""

from __future__ import annotations

from datetime import date
from typing import Any

from mymedic.deciding import Streams


def key(branch_id: str, specialty_id: str, patient_id: str) -> tuple[str, str]:
    """(kind, value) of the guard by which one entry per patient, specialty and branch is active."""
    return "waitlist", f"{branch_id}#{specialty_id}#{patient_id}"


def queue(streams: Streams, branch_id: str, specialty_id: str) -> list[Any]:
    """States of the active entries of a branch and specialty, in the order in which they joined."""
    kind, prefix = key(branch_id, specialty_id, "")
    holders = (streams.holder(kind, value) for value in streams.guards(kind, prefix))
    entries = [streams.state("appointment", id) for id in holders if id is not None]
    return sorted(entries, key=lambda entry: (entry.joined_at, entry.appointment_id))


def fits(entry: Any, branch_id: str, practitioner_id: str, specialty_id: str, on: date) -> bool:
    """Whether an entry waits for a seat of this kind on this day."""
    return (
        (entry.branch_id, entry.specialty_id) == (branch_id, specialty_id)
        and entry.practitioner_id in ("", practitioner_id)
        and entry.earliest_on <= on <= entry.latest_on
    )
