"""What may be asked of a notification."""

from __future__ import annotations

from typing import ClassVar

from event_store.aggregates.notification.events import (
    Address,
    Category,
    ErrorCode,
    NotificationChannel,
    ProviderMessageId,
    Status,
)
from mymedic.messages import Command, Id, Text, Timestamp


class RequestNotification(Command, frozen=True, kw_only=True):
    """C115. Whoever sends it looks up the address that is not given. Without `notification_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"SY", "FD"})
    patient_id: Id
    channel: NotificationChannel
    template: Text
    category: Category
    params_ref: Text | None = None
    related_ref: Text
    to_address: Address | None = None
    params: dict[Text, Text] | None = None
    notification_id: Id | None = None


class RecordNotificationStatus(Command, frozen=True, kw_only=True):
    """C116. The sender names the notification with its first status; afterwards the provider's own id finds it."""

    who: ClassVar[frozenset[str]] = frozenset({"IN"})
    is_from_door: ClassVar[bool] = True
    provider_message_id: ProviderMessageId
    status: Status
    at: Timestamp
    error_code: ErrorCode | None = None
    notification_id: Id | None = None
