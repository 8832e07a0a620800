"""Which process answers which event and which timer. The order of the reactions to one event is part of the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from event_store.aggregates.admission import events as admission
from event_store.aggregates.appointment import events as appointment
from event_store.aggregates.claim import events as claim
from event_store.aggregates.data_subject import events as data_subject
from event_store.aggregates.encounter import events as encounter
from event_store.aggregates.followup import events as followup
from event_store.aggregates.invoice import events as invoice
from event_store.aggregates.payment import events as payment
from event_store.aggregates.schedule import events as schedule
from event_store.recorded import Recorded
from mymedic.messages import Event
from processes import (
    billing,
    booking,
    claims,
    deposit_plan,
    discharge,
    displacement,
    disputed_deposit,
    erasing,
    followups,
    notifying,
    refilling,
    timers,
)
from processes.world import Timer, World

Reaction = Callable[[Recorded, Any, World], None]


class Ringing(NamedTuple):
    """Who answers a kind of timer."""

    process: str
    fire: Callable[[Timer, World], None]


# What each process is about, by its number in the specification; the ids of its commands follow from its name.
PROCESSES: dict[str, str] = {
    "booking": "S1 S2 S11",
    "deposit_plan": "S3 S4",
    "disputed_deposit": "S3",
    "displacement": "S5",
    "billing": "S6",
    "followups": "S6",
    "timers": "S7",
    "refilling": "S8",
    "notifying": "S9",
    "claims": "S10",
    "discharge": "C100",
    "erasing": "C120",
}

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
    payment.DisputeResolved: (
        ("disputed_deposit", disputed_deposit.on_dispute_resolved),
        ("billing", billing.on_dispute_resolved),
        ("discharge", discharge.on_dispute_resolved),
    ),
    appointment.AppointmentHeld: (("timers", timers.on_held),),
    appointment.AppointmentBooked: (("timers", timers.on_booked), ("notifying", notifying.on_booked)),
    appointment.AppointmentRescheduled: (
        ("timers", timers.on_rescheduled),
        ("refilling", refilling.on_rescheduled),
        ("notifying", notifying.on_rescheduled),
    ),
    appointment.AppointmentEnteredInError: (
        ("refilling", refilling.on_error),
        ("notifying", notifying.on_attended),
    ),
    appointment.PatientCheckedIn: (("timers", timers.on_attended), ("notifying", notifying.on_attended)),
    appointment.AppointmentHoldExpired: (
        ("timers", timers.on_attended),
        ("booking", booking.on_hold_expired),
        ("refilling", refilling.on_hold_expired),
    ),
    appointment.AppointmentCancelled: (
        ("timers", timers.on_attended),
        ("deposit_plan", deposit_plan.on_cancellation),
        ("refilling", refilling.on_cancelled),
        ("notifying", notifying.on_cancelled),
    ),
    appointment.AppointmentNoShow: (("timers", timers.on_attended), ("deposit_plan", deposit_plan.on_no_show)),
    appointment.NoShowReversed: (("deposit_plan", deposit_plan.on_no_show_reversed),),
    appointment.WaitlistOffered: (("notifying", notifying.on_offered),),
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
    admission.AdmissionBilled: (("discharge", discharge.on_billed), ("claims", claims.on_billed)),
    claim.PreauthApproved: (("claims", claims.on_decided),),
    claim.PreauthRejected: (("claims", claims.on_decided),),
    claim.PreauthEnhancementRequested: (("claims", claims.on_decided),),
    claim.ClaimQueried: (("claims", claims.on_query),),
    claim.ClaimQueryAnswered: (("claims", claims.on_query),),
    claim.ClaimSubmitted: (("claims", claims.on_submitted),),
    claim.ClaimAdjudicated: (("claims", claims.on_query),),
    claim.ClaimClosed: (("claims", claims.on_submitted),),
    claim.ClaimCancelled: (("claims", claims.on_submitted),),
    data_subject.ErasureApproved: (("erasing", erasing.on_approved),),
}

TIMERS: dict[str, Ringing] = {
    "expire_hold": Ringing("timers", timers.fire),
    "expire_payment": Ringing("timers", timers.fire),
    "mark_no_show": Ringing("timers", timers.fire),
    followups.EVALUATE: Ringing("timers", timers.fire),
    notifying.REMIND: Ringing("notifying", notifying.fire),
    claims.SUBMIT: Ringing("claims", claims.fire),
    claims.ANSWER: Ringing("claims", claims.fire),
    erasing.ERASE: Ringing("erasing", erasing.fire),
}
