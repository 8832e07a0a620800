"""The one door to personal data: who may see whom, and a trace in the log where that takes breaking a glass."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, get_args, get_type_hints

from event_store.aggregates.data_subject.commands import RecordPiiAccess
from event_store.authorise import as_granted, is_own_patient
from event_store.catalogue import EVENTS
from event_store.handle import Handler
from event_store.ledger.reads import Reads
from event_store.past import Pasts
from event_store.retention.opening import opened_pii
from event_store.retention.persons import known_of, person_of
from event_store.states import States, stream_of
from mymedic.clock import business_date, zone
from mymedic.errors import Refused, not_found
from mymedic.identity import IDENTITY_FIELDS, IdentityField, Person
from mymedic.ids import UlidFactory
from mymedic.messages import Actor, Envelope
from mymedic.patients import ALIAS, with_duplicates

# Who sees the names of the people they work for (DOMAIN §1.2, "Read"); how far is as REACH says for commands.
IN_BRANCHES = ("FD", "FN", "CM")
BREAKS_GLASS = "AU"
READERS = ("PP", "DR", *IN_BRANCHES, BREAKS_GLASS)
# R-AUTH-5; and another program gets pseudonyms. No other role makes up for it.
NEVER = ("EN", "IN")
# Where a doctor and a patient have to do with each other.
_MEETINGS = ("appointment", "encounter", "admission")

# event type -> the fields of its sealed part
_SEALED = {
    name: tuple(field for part in get_args(hint) if part is not type(None) for field in part.__struct_fields__)
    for name, event in EVENTS.items()
    if (hint := get_type_hints(event).get("pii")) is not None
}

_Records = Mapping[str, Sequence[str]]  # id asked for -> every id of the human being behind it, the survivor first


class PersonalData:
    """`mymedic.identity.IdentityLookup` over the event store. Calls from several threads are fine."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def people(
        self,
        tenant_id: str,
        actor: Actor,
        patient_ids: Collection[str],
        fields: Collection[IdentityField] = IDENTITY_FIELDS,
        *,
        justification: str | None = None,
        needs_all: bool = False,
    ) -> Mapping[str, Person]:
        handler = self._handler
        with handler.ledger.read() as reads:
            view = View(reads, handler.pasts, tenant_id)
            require_tenant(view)
            # Each with its own branches: an auditor of all of them must not see all as the front desk of one.
            at_work, auditing = granted(view, actor, *IN_BRANCHES), granted(view, actor, BREAKS_GLASS)
            reason = _admitted(at_work, justification)
            records = view.records(patient_ids)
            openly = _reached(view, at_work, records)
            broken = _in_branches(view, auditing, records) - openly if reason and auditing.has(BREAKS_GLASS) else set()
        for patient_id in patient_ids if needs_all else ():
            if patient_id not in openly and patient_id not in broken:
                raise not_found("patient", patient_id)
        if reason and broken:
            read = [field for field in IDENTITY_FIELDS if field in fields]
            self._record(tenant_id, actor, sorted({records[one][0] for one in broken}), read, reason)
        return self._opened(tenant_id, {one: records[one][0] for one in records if one in openly | broken}, fields)

    def sealed_parts(
        self, tenant_id: str, actor: Actor, rows: Sequence[Mapping[str, Any]], justification: str
    ) -> dict[int, dict[str, Any]]:
        """seq -> what is sealed of some patients' stored events, for an auditor who breaks the glass; NOT_FOUND unless
        all of them are in reach. What cannot be opened any more is left out.
        """
        handler = self._handler
        with handler.ledger.read() as reads:
            view = View(reads, handler.pasts, tenant_id)
            require_tenant(view)
            auditing = granted(view, actor, BREAKS_GLASS)
            reason = _admitted(auditing, justification)
            records = view.records({row["patient_id"] for row in rows})
            reached = _in_branches(view, auditing, records) if reason and auditing.has(BREAKS_GLASS) else set()
        for row in rows:
            if row["patient_id"] not in reached:
                raise not_found("patient", row["patient_id"])
        fields = sorted({name for row in rows for name in _SEALED[row["event_type"]]})
        self._record(tenant_id, actor, sorted({records[one][0] for one in reached}), fields, reason)
        found = ((row["seq"], opened_pii(handler.vault, tenant_id, row)) for row in rows)
        return {seq: opened for seq, opened in found if opened is not None}

    def _opened(
        self, tenant_id: str, survivors: Mapping[str, str], fields: Collection[IdentityField]
    ) -> dict[str, Person]:
        handler = self._handler
        with handler.ledger.read() as reads:
            view = View(reads, handler.pasts, tenant_id)
            today = business_date(handler.clock.now(), zone(view.state("tenant", tenant_id).tz))
            wanted = set(survivors.values())
            view.load("patient", wanted)
            known = known_of(reads, handler.vault, tenant_id, wanted, handler.pasts)
        people = {
            one: person_of(one, known[one], view.state("patient", one).birth_year, fields, today) for one in wanted
        }
        return {patient_id: people[survivor_id] for patient_id, survivor_id in survivors.items()}

    def _record(
        self, tenant_id: str, actor: Actor, subjects: Sequence[str], fields: Sequence[str], reason: str
    ) -> None:
        """R-AUTH-6, before anything is opened: if it cannot be recorded, nothing is."""
        clock = self._handler.clock
        ids = UlidFactory(clock)
        system = Actor(type="system", id="identity", roles=("SY",), on_behalf_of=actor.id)
        acks = self._handler.submit_many(
            [
                Envelope(
                    command=RecordPiiAccess(subject=subject, fields=tuple(fields), justification=reason),
                    command_id=ids.new("cmd", "", 0),
                    tenant_id=tenant_id,
                    actor=system,
                    issued_at=clock.now(),
                    channel="system",
                )
                for subject in subjects
            ]
        )
        for ack in acks:
            if ack.error is not None:
                raise Refused(ack.error.code, ack.error.message, **ack.error.details)


class View:
    """The tenant's streams as one reader sees them; beside the writer, who is not kept waiting."""

    def __init__(self, reads: Reads, pasts: Pasts, tenant_id: str) -> None:
        self.reads = reads
        self.tenant_id = tenant_id
        self._states = States(tenant_id, 0, pasts, capacity=10**9)  # it lives no longer than one question

    def load(self, aggregate: str, ids: Collection[str]) -> None:
        """Load many states with one question."""
        self._states.load(self.reads, [stream_of(aggregate, id) for id in ids])

    def state(self, aggregate: str, id: str) -> Any:
        return self._states.get(self.reads, stream_of(aggregate, id)).state

    def holder(self, kind: str, value: str) -> str | None:
        found = self.reads.guard((self.tenant_id, kind, value))
        return found.holder if found else None

    def related(self, aggregate: str, kind: str, value: str) -> Sequence[Any]:
        prefix = stream_of(aggregate, "")
        found = self._states.related(self.reads, kind, value)
        return [self._states.get(self.reads, one).state for one in found if one.startswith(prefix)]

    def guards(self, kind: str, prefix: str) -> Sequence[str]:
        return [value for value, _, _ in self.reads.guards(self.tenant_id, kind, prefix)]

    def records(self, patient_ids: Collection[str]) -> dict[str, list[str]]:
        """Every id of the human being behind each id that there is: the survivor first."""
        survivors = {patient_id: patient_id for patient_id in patient_ids}
        while aliases := self._aliases(set(survivors.values())):
            survivors = {asked: aliases.get(now, now) for asked, now in survivors.items()}
        self.load("patient", {*survivors, *survivors.values()})
        there = [one for one in survivors if self.state("patient", one).exists]
        return {one: with_duplicates(self, survivors[one]) for one in there}

    def _aliases(self, patient_ids: Collection[str]) -> dict[str, str]:
        found = self.reads.guards_among(self.tenant_id, ALIAS, list(patient_ids))
        return {duplicate_id: survivor_id for duplicate_id, survivor_id, _ in found}


def require_tenant(view: View) -> None:
    """NOT_FOUND or TENANT_SUSPENDED: nobody reads of a tenant that is not there or may not work."""
    tenant = view.state("tenant", view.tenant_id)
    if not tenant.exists:
        raise Refused("NOT_FOUND", "there is no such tenant")
    if tenant.status == "suspended":
        raise Refused("TENANT_SUSPENDED", f"{view.tenant_id} is suspended")


def granted(view: View, actor: Actor, *roles: str) -> Actor:
    """The actor with no more than the log grants now, and the branches of these roles."""
    if actor.type != "user":
        return actor
    return as_granted(actor, view.state("staff", actor.id), frozenset(roles))


def _admitted(actor: Actor, justification: str | None) -> str:
    """The reason for breaking the glass, if one was given. Before any id is looked at: nothing is told of them."""
    if actor.has(*NEVER) or not actor.has(*READERS):
        raise Refused("FORBIDDEN", f"personal data is for {', '.join(READERS)}, and never for {', '.join(NEVER)}")
    reason = (justification or "").strip()
    is_auditor_alone = not actor.has(*(role for role in READERS if role != BREAKS_GLASS))
    if is_auditor_alone and not reason:
        raise Refused("VALIDATION_FAILED", "an auditor says why they read personal data", field="justification")
    return reason


def _reached(view: View, actor: Actor, records: _Records) -> set[str]:
    """The ids that the actor's daily work reaches."""
    reached: set[str] = set()
    if actor.has(*IN_BRANCHES):
        reached |= _in_branches(view, actor, records)
    if actor.has("DR") and actor.practitioner_id is not None:
        reached |= of_doctor(view, actor.practitioner_id, records)
    if actor.has("PP"):
        reached |= {one for one in records if is_own_patient(view, actor.patient_id, one)}
    return reached


def _in_branches(view: View, actor: Actor, records: _Records) -> set[str]:
    """Registered in one of the actor's branches, or with something recorded about them there."""
    scope = actor.branch_scope
    if scope == "*":
        return set(records)
    everybody = {one for of_person in records.values() for one in of_person}
    there = {one for one in everybody if view.state("patient", one).registered_branch_id in scope}
    found = view.reads.about_patients(view.tenant_id, "branch_id", everybody - there)
    there |= {patient_id for patient_id, branch_id in found if branch_id in scope}
    return {asked for asked, of_person in records.items() if not there.isdisjoint(of_person)}


def of_doctor(view: View, own: str, records: _Records) -> set[str]:
    """Booked with the doctor, seen by them, or admitted under them."""
    everybody = {one for of_person in records.values() for one in of_person}
    met: set[str] = set()
    found = view.reads.about_patients(view.tenant_id, "stream_id", everybody)
    for aggregate in _MEETINGS:
        prefix = stream_of(aggregate, "")
        ids = {one.removeprefix(prefix): who for who, one in found if one.startswith(prefix)}
        view.load(aggregate, ids)
        met |= {who for id, who in ids.items() if view.state(aggregate, id).practitioner_id == own}
    return {asked for asked, of_person in records.items() if not met.isdisjoint(of_person)}
