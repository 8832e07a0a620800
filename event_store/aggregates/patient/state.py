"""What a decision needs to know of a patient; nothing here says who it is."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from event_store.aggregates.patient.events import (
    ConsentRecorded,
    ConsentWithdrawn,
    PatientRegistered,
    PatientsMerged,
    PatientsUnmerged,
    PatientUpdated,
)
from mymedic.deciding import Guard, GuardChange
from mymedic.lives import machine
from mymedic.messages import Event
from mymedic.patients import ALIAS

ADULT_AGE = 18


class State(Struct):
    exists: bool = False
    patient_id: str = ""
    sex: str = "unknown"
    birth_year: int = 0
    city_id: str | None = None
    registered_branch_id: str = ""
    guardian_patient_id: str | None = None
    phone_hash: str = ""
    name_hash: str = ""
    duplicates: list[str] = []  # records merged into this one itself, in that order
    consents: dict[str, datetime | None] = {}  # purpose -> when it expires

    def is_minor(self, on: date) -> bool:
        """Under 18 in the year of a business date: the day of birth is sealed, so the year decides."""
        return on.year - self.birth_year < ADULT_AGE

    def has_consent(self, purpose: str, at: datetime) -> bool:
        if purpose not in self.consents:
            return False
        expires_at = self.consents[purpose]
        return expires_at is None or at < expires_at


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case PatientRegistered():
            state.exists = True
            state.patient_id, state.registered_branch_id = event.patient_id, event.registered_branch_id
            state.sex, state.birth_year, state.city_id = event.sex, event.birth_year, event.city_id
            state.guardian_patient_id = event.guardian_patient_id
            state.phone_hash, state.name_hash = event.phone_hash or "", event.name_hash or ""
        case PatientUpdated():
            state.sex = event.sex or state.sex
            state.birth_year = event.birth_year or state.birth_year
            state.city_id = event.city_id or state.city_id
            state.phone_hash = event.phone_hash or state.phone_hash
            state.name_hash = event.name_hash or state.name_hash
        case ConsentRecorded():
            state.consents[event.purpose] = event.expires_at
        case ConsentWithdrawn():
            state.consents.pop(event.purpose, None)
        case PatientsMerged():
            state.duplicates.append(event.duplicate_id)
        case PatientsUnmerged():
            state.duplicates.remove(event.duplicate_id)


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    match event:
        case PatientRegistered():
            return GuardChange(claim=_likeness(event.phone_hash, event.name_hash, event.patient_id))
        case PatientUpdated(phone_hash=phone, name_hash=name) if phone or name:
            old = _likeness(state.phone_hash, state.name_hash, state.patient_id)
            new = _likeness(phone or state.phone_hash, name or state.name_hash, state.patient_id)
            return GuardChange(claim=new, release=old) if new != old else None
        case PatientsMerged():
            return GuardChange(claim=[Guard(ALIAS, event.duplicate_id)])
        case PatientsUnmerged():
            return GuardChange(release=[Guard(ALIAS, event.duplicate_id)])
    return None


def phone_key(phone: str) -> str:
    """The text whose keyed hash makes a phone findable."""
    return f"phone:{phone}"


def name_key(name: str) -> str:
    """The text whose keyed hash makes a name findable, however it is spaced and capitalised."""
    return "name:" + " ".join(name.casefold().split())


def likeness_prefix(phone_hash: str, name_hash: str) -> str:
    """What the guards of all patients with this phone and name begin with; 80 bits of each hash are plenty."""
    return f"{phone_hash[:20]}{name_hash[:20]}#"


def _likeness(phone_hash: str | None, name_hash: str | None, patient_id: str) -> list[Guard]:
    """Never in another's way, because it ends in the patient's own id: it makes possible duplicates findable.

    None where an erasure took a hash away.
    """
    if not phone_hash or not name_hash:
        return []
    return [Guard("patient_likeness", likeness_prefix(phone_hash, name_hash) + patient_id)]


MACHINES = (
    machine(
        "Consent",
        """
        ConsentRecorded: - > given
        ConsentWithdrawn: given > -
        """,
        lambda state: dict.fromkeys(state.consents, "given"),
    ),
)
