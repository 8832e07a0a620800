"""What a decision needs to know of a settlement file, and of the inbox where a gateway's webhooks arrive."""

from __future__ import annotations

import hashlib
from datetime import datetime

from msgspec import Struct, field

from event_store.aggregates.settlement_file.commands import SettlementLine
from event_store.aggregates.settlement_file.events import (
    GatewayWebhookAccepted,
    GatewayWebhookAttempted,
    SettlementFileIngested,
    SettlementLineRecorded,
)
from mymedic.deciding import Guard, GuardChange
from mymedic.messages import Event

INBOX = "inbox-"


class Parked(Struct):
    """A delivery that waits to be applied: its next attempt, and where the inbox keeps its body."""

    attempt: int
    retry_at: datetime
    accepted_version: int
    gateway_payment_id: str | None


class State(Struct):
    """One stream is either a file (`rows` > 0 or `file_sha256` set) or an inbox (`deliveries` > 0)."""

    exists: bool = False
    version: int = 0
    gateway: str | None = None
    file_sha256: str | None = None
    rows: int = 0
    rows_recorded: int = 0
    rows_redelivered: int = 0
    deliveries: int = 0
    parked: dict[str, Parked] = field(default_factory=dict)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    state.exists = True
    state.version += 1
    match event:
        case SettlementFileIngested():
            state.gateway = event.gateway
            state.file_sha256 = event.file_sha256
            state.rows = event.rows
            state.rows_recorded = event.rows_recorded
            state.rows_redelivered = event.rows_redelivered
        case SettlementLineRecorded():
            pass
        case GatewayWebhookAttempted():
            if event.retry_at is not None:
                state.parked[event.gateway_event_id] = Parked(
                    attempt=event.attempt + 1,
                    retry_at=event.retry_at,
                    accepted_version=event.accepted_version,
                    gateway_payment_id=event.gateway_payment_id,
                )
            else:
                state.parked.pop(event.gateway_event_id, None)
        case _:
            state.gateway = getattr(event, "gateway", state.gateway)
            state.deliveries += 1


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    match event:
        case GatewayWebhookAccepted():
            seen = f"{state.version + 1}#{event.body_sha256}"
            return GuardChange(claim=[Guard("webhook", f"{event.gateway}#{event.gateway_event_id}", seen)])
        case SettlementFileIngested():
            return GuardChange(
                claim=[Guard("file", file_key(event.gateway, event.file_sha256, event.part, event.parts))]
            )
        case SettlementLineRecorded():
            return GuardChange(claim=[Guard("settlement_line", line_key(event.gateway, event), amounts_hash(event))])
    return None


def file_key(gateway: str, sha256: str, part: int, parts: int) -> str:
    """The parts of one file are guarded one by one, so that an interrupted file can be finished."""
    return f"{gateway}#{sha256}" if parts == 1 else f"{gateway}#{sha256}#{part}/{parts}"


def line_key(gateway: str, line: SettlementLine | SettlementLineRecorded) -> str:
    """R-REC-2. A row still held and its release are two facts; without the suffix a release would look redelivered."""
    held = "" if line.settled and not line.on_hold else "#held"
    return f"{gateway}#{line.entity_type}#{line.entity_id}#{line.settlement_id or ''}{held}"


def amounts_hash(line: SettlementLine | SettlementLineRecorded) -> str:
    """Equal for two rows with the same five amounts."""
    amounts = (line.amount_paise, line.fee_excl_paise, line.tax_paise, line.credit_paise, line.debit_paise)
    return hashlib.sha256(",".join(map(str, amounts)).encode()).hexdigest()
