"""What people do that no simulated chain does: merge records, redact and erase, resolve, move house, change prices."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from event_store.aggregates.branch.commands import UpdateBranch
from event_store.aggregates.data_subject.commands import (
    ApproveErasure,
    ExecuteDestruction,
    RedactField,
    RequestErasure,
)
from event_store.aggregates.notification.commands import RecordNotificationStatus, RequestNotification
from event_store.aggregates.notification.events import Status
from event_store.aggregates.patient.commands import MergePatients, UnmergePatients
from event_store.aggregates.practitioner.commands import UpdatePractitioner
from event_store.aggregates.price.commands import RetirePrice, SetPrice
from event_store.aggregates.price.events import PriceScope
from event_store.aggregates.recon_case.commands import ReopenReconItem, ResolveReconItem, RunReconciliation
from event_store.aggregates.recon_case.events import OpenItem, Resolution, RunScope
from event_store.recorded import Recorded
from event_store.store import Store, open_store
from mymedic.clock import ManualClock, business_date
from mymedic.ids import DerivedIds
from mymedic.messages import Actor, Command, Envelope, Role
from mymedic.settings import Settings

# Years later: every retention has run out.
LATER = datetime(2056, 12, 24, tzinfo=UTC)
SHA = sha256(b"as it was").hexdigest()


class Office:
    """A tenant of a copied world, and people who ask for things."""

    def __init__(self, store: Store, clock: ManualClock, tenant_id: str) -> None:
        self._store, self.clock, self.tenant_id = store, clock, tenant_id
        self._asked = 0
        self.log: list[Recorded] = store.feed.read(tenant_id, 0, 100_000)

    def ask(self, command: Command, role: Role, cosigner: Role | None = None, id: str | None = None) -> str:
        self._asked += 1
        ack = self._store.handler.submit(
            Envelope(
                command=command,
                command_id=f"cmd_afterlife_{self._asked}",
                tenant_id=self.tenant_id,
                actor=Actor(type="user", id=f"stf_{role.lower()}_{self._asked}", roles=(role,)),
                cosigner=Actor(type="user", id="stf_second", roles=(cosigner,)) if cosigner else None,
                issued_at=self.clock.now(),
                channel="console",
                aggregate_id=id,
            )
        )
        assert ack.error is None, (command, ack.error)
        return (ack.stream_id or "").partition("-")[2]

    def last(self, event_type: str) -> Recorded:
        """The last event of a type that was asked for here."""
        new = self._store.feed.read(self.tenant_id, self.log[-1].seq, 1_000)
        return [one for one in new if one.event_type == event_type][-1]

    def contents(self, event_type: str) -> list[Any]:
        """What the events of a type say, before anything was asked here."""
        return [one.event for one in self.log if one.event_type == event_type]

    def ids(self, event_type: str) -> list[str]:
        """Of the streams that have such an event, in the order of the log."""
        return [one.stream_id.partition("-")[2] for one in self.log if one.event_type == event_type]


def live_on(settings: Settings, tenant_id: str) -> None:
    """Add to the log of a tenant what happens in its later life."""
    clock = ManualClock(LATER)
    with open_store(settings, clock, DerivedIds()) as store:
        office = Office(store, clock, tenant_id)
        merge(office)
        write_to_patients(office)
        reconcile(office)
        change_master_data(office)
        redact_and_erase(office)


def merge(office: Office) -> None:
    first, second, third, fourth, fifth = office.ids("PatientRegistered")[:5]
    stays = Counter(one.admission_id for one in office.log if one.admission_id is not None)
    for stay, _ in stays.most_common(1):
        admitted = next(one.patient_id for one in office.log if one.admission_id == stay and one.patient_id is not None)
        office.ask(MergePatients(survivor_id=fifth, duplicate_id=admitted, reason="the same"), "FD", "CM")
    office.ask(MergePatients(survivor_id=second, duplicate_id=third, reason="the same"), "FD", "CM")
    office.ask(MergePatients(survivor_id=first, duplicate_id=second, reason="the same"), "FD", "CM")
    office.ask(MergePatients(survivor_id=first, duplicate_id=fourth, reason="the same"), "FD", "CM")
    office.ask(UnmergePatients(survivor_id=first, duplicate_id=fourth), "CM")


def write_to_patients(office: Office) -> None:
    asked = next(one for one in reversed(office.log) if one.event_type == "FollowUpRequested")
    followup_id = asked.stream_id.partition("-")[2]
    messages: tuple[tuple[str, tuple[Status, ...]], ...] = (("due", ("sent", "read")), ("overdue", ("failed",)))
    for template, statuses in messages:
        notification_id = office.ask(
            RequestNotification(
                patient_id=asked.patient_id or "",
                channel="whatsapp",
                template=template,
                category="authentication",
                related_ref=followup_id,
            ),
            "FD",
        )
        for status in statuses:
            office.ask(
                RecordNotificationStatus(
                    provider_message_id=f"wamid.{template}",
                    status=status,
                    at=office.clock.now(),
                    notification_id=notification_id,
                ),
                "IN",
            )


def reconcile(office: Office) -> None:
    items = [f"L1:payment:{id}" for id in office.ids("PaymentCaptured")[:4]]
    on = business_date(office.clock.now())
    for number in (1, 2):
        office.ask(
            RunReconciliation(
                run_id=f"run_{number}",
                as_of=office.clock.now(),
                scope=RunScope(from_=on.replace(day=1), to=on),
                input_seq=number,
                input_hash=SHA,
                output_hash=SHA,
                totals=(),
                debits_paise=0,
                credits_paise=0,
                trial_balance_hash=SHA,
                open_items=tuple(
                    OpenItem(recon_item_id=item, item_hash=SHA, opened_on=on, open_paise=5_000)
                    for item in items[number - 1 :]
                ),
            ),
            "FN",
        )
    resolutions: tuple[Resolution, ...] = ("accept_variance", "chase_gateway", "ignore_test", "link")
    for item, resolution in zip(items, resolutions, strict=True):
        target = "L1:line:somewhere" if resolution == "link" else None
        command = ResolveReconItem(
            recon_item_id=item,
            item_hash=SHA,
            resolution=resolution,
            target_ref=target,
            amount_paise=5_000,
            note="seen",
        )
        office.ask(command, "FN")
    office.ask(ReopenReconItem(recon_item_id=items[2], reason="a mistake"), "FN", "CM")


def change_master_data(office: Office) -> None:
    on = business_date(office.clock.now())
    for branch_id in office.ids("BranchRegistered")[:1]:
        for city_id, days in (("cty_last", 60), ("cty_next", 30)):
            effective_on = on + timedelta(days=days)
            office.ask(UpdateBranch(branch_id=branch_id, city_id=city_id, effective_on=effective_on), "CM")
    specialties = {one.specialty_id for one in office.contents("SpecialtyDefined")}
    registered = zip(office.ids("PractitionerRegistered"), office.contents("PractitionerRegistered"), strict=True)
    for practitioner_id, practitioner in registered:
        specialty_id = max(specialties - {practitioner.specialty_id})
        office.ask(
            UpdatePractitioner(practitioner_id=practitioner_id, specialty_id=specialty_id, effective_on=on), "CM"
        )
    change_prices(office)


def change_prices(office: Office) -> None:
    """A price is followed by another; a narrower one is taken back before it begins, and one begins in its place."""
    price = office.contents("PriceSet")[0]
    begins = office.clock.now() + timedelta(days=30)
    here = PriceScope(level="branch", branch_id=office.ids("BranchRegistered")[0])
    for scope, amount_paise, is_retired in ((price.scope, 100, False), (here, 200, True), (here, 300, False)):
        office.ask(
            SetPrice(
                service_id=price.service_id,
                scope=scope,
                visit_type=price.visit_type,
                amount_paise=amount_paise,
                tax_inclusive=price.tax_inclusive,
                effective_from=begins,
            ),
            "CM",
        )
        if is_retired:
            set_last: Any = office.last("PriceSet").event
            version_id = set_last.price_version_id
            office.ask(RetirePrice(price_version_id=version_id, effective_to=begins), "CM")


def redact_and_erase(office: Office) -> None:
    merged = office.last("PatientsMerged").event_id
    office.ask(RedactField(event_id=merged, json_path="$.reason", reason="names a third", authority="DPO"), "AU", "AU")
    patient_id = office.ids("PatientRegistered")[0]
    office.ask(RequestErasure(patient_id=patient_id, scope="full", requested_by=patient_id, request_id="erq_1"), "CM")
    office.clock.move_to(office.clock.now() + timedelta(days=3))
    office.ask(ApproveErasure(request_id="erq_1"), "AU")
    office.ask(ExecuteDestruction(request_id="erq_1"), "EN")
