"""P6: every follow-up that was asked for, when it is due, and whether the patient could be reached about it."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

import msgspec

from event_store.aggregates.followup import events as e
from event_store.aggregates.notification.events import NotificationRequested, NotificationStatusChanged
from event_store.recorded import Recorded
from mymedic.messages import Event
from projections.places import city_of, moved_with_branch
from projections.projection import Projection, folds
from projections.row import Row
from projections.view import View

OVER = ("completed", "lapsed", "declined", "cancelled")


class FollowupQueue(Row, frozen=True, kw_only=True):
    """One row per follow-up. The dates are business dates, inclusive, and those after every amendment.

    `contact_attempts` counts the messages that name the follow-up; `last_contact_status` is how far the newest of them
    came, None while nobody has said. What is urgent changes from day to day: `overdue_days` works it out.
    """

    table: ClassVar = "proj_followup_queue"
    key: ClassVar = ("followup_id",)
    lookups: ClassVar = ("branch_id", "last_notification_id")
    indexes: ClassVar = (
        ("branch_id", "state", "due_to"),
        ("practitioner_id", "state", "due_to"),
        ("city_id", "state", "due_to"),
        ("patient_id",),
    )

    followup_id: str
    patient_id: str
    practitioner_id: str
    branch_id: str
    city_id: str | None
    specialty_id: str
    due_on: date
    due_from: date
    due_to: date
    lapse_on: date
    free_until: date | None
    state: Literal["requested", "booked", "overdue", "completed", "lapsed", "declined", "cancelled"]
    appointment_id: str | None
    last_contact_status: Literal["sent", "delivered", "read", "failed"] | None = None
    contact_attempts: int = 0
    last_notification_id: str | None = None


def overdue_days(row: FollowupQueue, today: date) -> int:
    """The priority of a follow-up: days since its window ended; 0 before that, and for one that is over."""
    return 0 if row.state in OVER else max(0, (today - row.due_to).days)


def _on_followup(event: Recorded, happened: Event, view: View) -> None:
    followup_id = event.stream_id.removeprefix("followup-")
    state = view.state("followup", followup_id)
    before = view.get(FollowupQueue, followup_id)
    view.put(
        FollowupQueue(
            tenant_id=event.tenant_id,
            followup_id=followup_id,
            patient_id=state.patient_id,
            practitioner_id=state.practitioner_id,
            branch_id=state.branch_id,
            city_id=city_of(view, state.branch_id, state.due_on),
            specialty_id=state.specialty_id,
            due_on=state.due_on,
            due_from=state.due_from,
            due_to=state.due_to,
            lapse_on=state.lapse_on,
            free_until=state.free_until,
            state=state.status,
            appointment_id=state.appointment_id,
            last_contact_status=before.last_contact_status if before else None,
            contact_attempts=before.contact_attempts if before else 0,
            last_notification_id=before.last_notification_id if before else None,
        )
    )


def _on_message(event: Recorded, happened: NotificationRequested, view: View) -> None:
    row = view.get(FollowupQueue, happened.related_ref)
    if row is not None:
        view.put(
            msgspec.structs.replace(
                row,
                last_contact_status=None,
                contact_attempts=row.contact_attempts + 1,
                last_notification_id=event.stream_id.removeprefix("notification-"),
            )
        )


def _on_status(event: Recorded, happened: NotificationStatusChanged, view: View) -> None:
    notification_id = event.stream_id.removeprefix("notification-")
    for row in view.where(FollowupQueue, "last_notification_id", notification_id):
        view.put(msgspec.structs.replace(row, last_contact_status=happened.status))


PROJECTION = Projection(
    name="followup_queue",
    version=1,
    rows=(FollowupQueue,),
    looks_at=frozenset({"branch", "followup"}),
    folds=folds(_on_followup, *e.EVENTS)
    | {NotificationRequested: _on_message, NotificationStatusChanged: _on_status}
    | moved_with_branch(FollowupQueue, lambda row: row.due_on),
)
