"""Runs the reactions: from the feed for a server, or inside the caller's own batch for tests and simulations."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec

from event_store.aggregates.admission import events as admission
from event_store.aggregates.appointment import events as appointment
from event_store.aggregates.encounter import events as encounter
from event_store.aggregates.followup import events as followup
from event_store.aggregates.invoice import events as invoice
from event_store.aggregates.payment import events as payment
from event_store.aggregates.schedule import events as schedule
from event_store.batch import Batch
from event_store.handle import Handler
from event_store.recorded import Recorded
from mymedic.clock import from_micros, micros
from mymedic.messages import Event
from processes import (
    billing,
    booking,
    deposit_plan,
    discharge,
    displacement,
    disputed_deposit,
    followups,
    refilling,
    timers,
)
from processes.world import CONSUMER, Timer, World

Reaction = Callable[[Recorded, Any, World], None]

REACTIONS: dict[type[Event], tuple[tuple[str, Reaction], ...]] = {
    payment.PaymentCaptured: (
        ("timers", timers.on_payment_settled),
        ("booking", booking.on_capture),
        ("billing", billing.on_capture),
        ("discharge", discharge.on_capture),
    ),
    payment.PaymentInitiated: (("timers", timers.on_initiated),),
    payment.PaymentExpired: (("timers", timers.on_payment_settled),),
    payment.RefundApproved: (("deposit_plan", deposit_plan.on_refund_approved),),
    payment.DisputeResolved: (("disputed_deposit", disputed_deposit.on_dispute_resolved),),
    appointment.AppointmentHeld: (("timers", timers.on_held),),
    appointment.AppointmentBooked: (("timers", timers.on_booked),),
    appointment.AppointmentRescheduled: (
        ("timers", timers.on_rescheduled),
        ("refilling", refilling.on_rescheduled),
    ),
    appointment.AppointmentEnteredInError: (("refilling", refilling.on_error),),
    appointment.PatientCheckedIn: (("timers", timers.on_attended),),
    appointment.AppointmentHoldExpired: (
        ("timers", timers.on_attended),
        ("booking", booking.on_hold_expired),
        ("refilling", refilling.on_hold_expired),
    ),
    appointment.AppointmentCancelled: (
        ("timers", timers.on_attended),
        ("deposit_plan", deposit_plan.on_cancellation),
        ("refilling", refilling.on_cancelled),
    ),
    appointment.AppointmentNoShow: (("timers", timers.on_attended), ("deposit_plan", deposit_plan.on_no_show)),
    appointment.NoShowReversed: (("deposit_plan", deposit_plan.on_no_show_reversed),),
    schedule.ScheduleBlocked: (("displacement", displacement.on_blocked),),
    schedule.SlotsRetired: (("displacement", displacement.on_retired),),
    schedule.ScheduleUnblocked: (("refilling", refilling.on_unblocked),),
    schedule.SlotOverridden: (("refilling", refilling.on_overridden),),
    encounter.EncounterFinished: (
        ("billing", billing.on_encounter_finished),
        ("followups", followups.on_encounter_finished),
    ),
    followup.FollowUpRequested: (("timers", followups.on_changed),),
    followup.FollowUpAmended: (("timers", followups.on_changed),),
    followup.FollowUpOverdue: (("timers", followups.on_changed),),
    followup.FollowUpUnbooked: (("timers", followups.on_changed),),
    invoice.InvoiceIssued: (("billing", billing.on_invoice_issued),),
    admission.AdmissionBilled: (("discharge", discharge.on_billed),),
}
_TIMER = msgspec.json.Decoder(Timer)


class Runner:
    """Keeps no memory of its own: the checkpoint and the timers lie beside the log.

    Commands carry ids derived from what caused them, so a reaction that runs again after a crash changes nothing.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def react(self, events: Iterable[Recorded], batch: Batch) -> None:
        """React to events of the open batch, and to what the reactions cause, until nothing follows any more."""
        waiting = deque(events)
        while waiting:
            self._answer(waiting.popleft(), batch)
            waiting.extend(batch.take_recorded())

    def fire_due(self, tenant_id: str, now: datetime, batch: Batch, *, follow: bool = True) -> int:
        """Fire the timers that are due, earliest first; how many fired. `follow`: react to what they cause at once."""
        _take(tenant_id, batch)
        fired = 0
        while due := batch.session.due_timers(tenant_id, CONSUMER, micros(now), limit=1):
            timer_id, due_at, body = due[0]
            batch.session.clear_timer(tenant_id, CONSUMER, timer_id)
            timers.fire(_TIMER.decode(body), World(batch, "timers", tenant_id, f"{timer_id}@{due_at}", now))
            if follow:
                self.react(batch.take_recorded(), batch)
            fired += 1
        return fired

    def next_due(self, tenant_id: str, batch: Batch) -> datetime | None:
        """When the tenant's next timer goes off."""
        soonest = batch.session.due_timers(tenant_id, CONSUMER, 2**62, limit=1)
        return from_micros(soonest[0][1]) if soonest else None

    def mark(self, tenant_id: str, batch: Batch) -> None:
        """Everything appended so far has been reacted to: a later `drain` begins after it."""
        _take(tenant_id, batch)
        batch.session.set_checkpoint(tenant_id, CONSUMER, batch.session.end_of(tenant_id).seq)

    def drain(self, tenant_id: str, limit: int = 500) -> int:
        """React to everything in the log since the last time; how many events that was.

        Reactions, what they cause and the checkpoint are one transaction: each event is reacted to exactly once.
        """
        seen = 0
        while taken := self._drain_some(tenant_id, limit):
            seen += taken
        return seen

    def _drain_some(self, tenant_id: str, limit: int) -> int:
        with self._handler.batch() as batch:
            _take(tenant_id, batch)
            events = batch.events(tenant_id, batch.session.checkpoint(tenant_id, CONSUMER), limit)
            for event in events:
                self._answer(event, batch)
            if events:
                batch.session.set_checkpoint(tenant_id, CONSUMER, events[-1].seq)
        return len(events)

    def tick(self, tenant_id: str) -> None:
        """What a server does about once a second: react to news, fire what is due."""
        now = self._handler.clock.now()
        if not self._has_work(tenant_id, now):
            return
        self.drain(tenant_id)
        with self._handler.batch() as batch:
            self.fire_due(tenant_id, now, batch, follow=False)
        self.drain(tenant_id)

    def _has_work(self, tenant_id: str, now: datetime) -> bool:
        """Asked of a reader, so that an idle tenant takes no writer's turn."""
        with self._handler.ledger.read() as reads:
            head = reads.head(tenant_id)
            is_behind = head is not None and head.seq > reads.checkpoint(tenant_id, CONSUMER)
            return is_behind or bool(reads.due_timers(tenant_id, CONSUMER, micros(now), limit=1))

    def _answer(self, event: Recorded, batch: Batch) -> None:
        for name, reaction in REACTIONS.get(type(event.event), ()):
            reaction(event, event.event, World.of(batch, name, event, self._handler.clock.now()))


def _take(tenant_id: str, batch: Batch) -> None:
    """Lock the tenant before reading checkpoint or timers: two servers must not both react to one event."""
    batch.state(tenant_id, "tenant", tenant_id)
