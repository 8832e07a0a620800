"""The rules of a notification."""

from __future__ import annotations

from collections.abc import Iterable

from event_store.aggregates.notification.commands import RecordNotificationStatus, RequestNotification
from event_store.aggregates.notification.events import (
    NotificationPii,
    NotificationRequested,
    NotificationStatusChanged,
)
from event_store.aggregates.notification.state import RANK, State
from mymedic.deciding import Context, Decision, check
from mymedic.errors import Refused
from mymedic.messages import Command, Event
from mymedic.patients import check_present


def request_notification(state: State, command: RequestNotification, context: Context) -> Iterable[Event]:
    patient = check_present(context, command.patient_id)
    check(
        not _needs_consent(command, context) or patient.has_consent("messaging", context.occurred_at),
        "CONSENT_REQUIRED",
        "the patient has not agreed to messages of this kind",
        purpose="messaging",
    )
    pii = NotificationPii(to_address=command.to_address, params=command.params, params_ref=command.params_ref)
    yield NotificationRequested(
        patient_id=command.patient_id,
        channel=command.channel,
        template=command.template,
        category=command.category,
        related_ref=command.related_ref,
        pii=pii if pii != NotificationPii() else None,
    )


def _needs_consent(command: RequestNotification, context: Context) -> bool:
    """Marketing always; utility where the tenant wants it; a code that the patient waits for never."""
    if command.category == "utility":
        return bool(context.state("tenant", context.tenant_id).settings.utility_needs_consent)
    return command.category == "marketing"


def record_status(state: State, command: RecordNotificationStatus, context: Context) -> Iterable[Event]:
    if RANK[command.status] <= RANK[state.status]:
        return  # heard late or again
    yield NotificationStatusChanged(
        provider_message_id=command.provider_message_id,
        status=command.status,
        at=command.at,
        error_code=command.error_code,
    )


def _notified(command: RecordNotificationStatus, context: Context) -> str:
    found = command.notification_id or context.holder("provider_message", command.provider_message_id)
    if found is None:
        raise Refused("NOT_FOUND", "no notification was sent under this id", id=command.provider_message_id)
    return found


DECISIONS: dict[type[Command], Decision] = {
    RequestNotification: Decision(request_notification, target="notification_id", creates=True),
    RecordNotificationStatus: Decision(record_status, target=_notified),
}
