"""What happens to a notification: it is asked for once, and its provider says how far it came."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mymedic.messages import Event, Id, Text, Timestamp, Value

NotificationChannel = Literal["whatsapp", "sms"]
Category = Literal["utility", "authentication", "marketing"]
Status = Literal["sent", "delivered", "read", "failed"]
ErrorCode = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+(?!\n)$")]
# A provider's ids hold base64, so more characters than ours.
ProviderMessageId = Annotated[str, Meta(min_length=3, max_length=200, pattern=r"^[A-Za-z0-9_.:=+/-]+(?!\n)$")]
Address = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}(?!\n)$")]


class NotificationPii(Value, frozen=True, kw_only=True):
    """To whom and with which words. `params_ref` names where the words are found when they are not given here."""

    to_address: Address | None = None
    params: dict[Text, Text] | None = None
    params_ref: Text | None = None


class NotificationRequested(Event, frozen=True, kw_only=True):
    patient_id: Id
    channel: NotificationChannel
    template: Text
    category: Category
    related_ref: Text
    pii: NotificationPii | None = None


class NotificationStatusChanged(Event, frozen=True, kw_only=True):
    """`at` is the provider's time."""

    provider_message_id: ProviderMessageId
    status: Status
    at: Timestamp
    error_code: ErrorCode | None = None


EVENTS: tuple[type[Event], ...] = (NotificationRequested, NotificationStatusChanged)
