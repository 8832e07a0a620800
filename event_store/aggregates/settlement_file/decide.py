"""The rules of a settlement file and of the inbox of a gateway's webhooks (R-REC-2, R-REC-3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import msgspec

from event_store.aggregates.settlement_file.commands import (
    IngestGatewayWebhook,
    IngestSettlementFile,
    RecordWebhookAttempt,
    SettlementLine,
)
from event_store.aggregates.settlement_file.events import (
    GatewayWebhookAccepted,
    GatewayWebhookAttempted,
    GatewayWebhookDuplicated,
    SettlementFileIngested,
    SettlementLineRecorded,
    WebhookPii,
)
from event_store.aggregates.settlement_file.state import INBOX, State, amounts_hash, file_key, line_key
from mymedic.deciding import Context, Decision, check
from mymedic.errors import Refused
from mymedic.ids import derived_id
from mymedic.messages import Command, Event
from mymedic.patients import is_payment_of_erased

FIRST_RETRY = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)


def ingest_gateway_webhook(state: State, command: IngestGatewayWebhook, context: Context) -> list[Event]:
    """The event id comes in a header that no signature covers, so one id with two bodies is never a duplicate."""
    body_sha256 = hashlib.sha256(command.raw_body).hexdigest()
    version, seen_sha256 = _seen(command, context)
    if version:
        check(
            seen_sha256 == body_sha256,
            "IDEMPOTENCY_CONFLICT",
            "this event id was delivered before with another body",
            gateway_event_id=command.gateway_event_id,
        )
        return [
            GatewayWebhookDuplicated(
                gateway=command.gateway,
                gateway_event_id=command.gateway_event_id,
                first_seen_version=version,
                body_sha256=body_sha256,
            )
        ]
    return [
        GatewayWebhookAccepted(
            gateway=command.gateway,
            gateway_event_id=command.gateway_event_id,
            event_name=command.event_name,
            entity_id=command.entity_id,
            gateway_payment_id=command.gateway_payment_id,
            order_id=command.order_id,
            body_sha256=body_sha256,
            translated_command=command.translated_command,
            pii=None if _is_of_the_erased(command, context) else WebhookPii(raw_body=command.raw_body),
        )
    ]


def _is_of_the_erased(command: IngestGatewayWebhook, context: Context) -> bool:
    """Whether the delivery comes after the erasure of whom its body names: then the body is not kept."""
    return is_payment_of_erased(context, "gateway_payment", f"{command.gateway}#{command.gateway_payment_id}") or (
        command.order_id is not None and is_payment_of_erased(context, "order", command.order_id)
    )


def record_webhook_attempt(state: State, command: RecordWebhookAttempt, context: Context) -> list[Event]:
    """A delivery that stays parked waits twice as long before its next attempt."""
    version, _ = _seen(command, context)
    check(version, "NOT_FOUND", "no such delivery was accepted", gateway_event_id=command.gateway_event_id)
    parked = state.parked.get(command.gateway_event_id)
    expected = parked.attempt if parked else 0
    check(
        command.attempt == expected and (parked is not None or command.outcome != "applied"),
        "INVALID_STATE",
        f"attempt {command.attempt} of this delivery cannot be recorded now",
        expected_attempt=expected,
    )
    wait = min(FIRST_RETRY * 2 ** min(command.attempt, 10), LONGEST_WAIT)
    return [
        GatewayWebhookAttempted(
            gateway=command.gateway,
            gateway_event_id=command.gateway_event_id,
            gateway_payment_id=command.gateway_payment_id,
            accepted_version=version,
            attempt=command.attempt,
            outcome=command.outcome,
            code=command.code,
            retry_at=context.now + wait if command.outcome == "parked" else None,
        )
    ]


def _seen(command: IngestGatewayWebhook | RecordWebhookAttempt, context: Context) -> tuple[int, str]:
    """The inbox's version at the first delivery and that body's hash; (0, "") when there was none."""
    detail = context.guard_detail("webhook", f"{command.gateway}#{command.gateway_event_id}")
    version, _, sha256 = (detail or "0#").partition("#")
    return int(version), sha256


def ingest_settlement_file(state: State, command: IngestSettlementFile, context: Context) -> Iterator[Event]:
    """Whole part or nothing: a bad row refuses them all; a row that an earlier file brought is only counted."""
    held_by = context.holder("file", file_key(command.gateway, command.file_sha256, command.part, command.parts))
    check(
        held_by is None,
        "FILE_DUPLICATE",
        "this very file was ingested before; nothing needs to be done",
        file=command.file_name,
        settlement_file_id=held_by,
    )
    fresh: list[SettlementLineRecorded] = []
    amounts_of: dict[str, str] = {}
    for line in command.lines:
        check_line(line)
        key, amounts = line_key(command.gateway, line), amounts_hash(line)
        known = amounts_of.get(key) or context.guard_detail("settlement_line", key)
        check(
            known is None or known == amounts,
            "FILE_TOTAL_MISMATCH",
            f"{line.entity_type} {line.entity_id} of {line.settlement_id or 'no settlement yet'} was reported before"
            " with other amounts; ask the gateway which report is right",
            file=command.file_name,
            row=line.row,
            entity_id=line.entity_id,
            settlement_id=line.settlement_id,
        )
        if known is None:
            fresh.append(_recorded(line, command.gateway, derived_id("sline", context.tenant_id, key)))
        amounts_of[key] = amounts
    yield SettlementFileIngested(
        gateway=command.gateway,
        format=command.format,
        file_name=command.file_name,
        file_sha256=command.file_sha256,
        part=command.part,
        parts=command.parts,
        rows=len(command.lines),
        rows_recorded=len(fresh),
        rows_redelivered=len(command.lines) - len(fresh),
        gross_credit_paise=sum(line.credit_paise for line in command.lines),
        gross_debit_paise=sum(line.debit_paise for line in command.lines),
        settlement_ids=tuple(sorted({line.settlement_id for line in command.lines if line.settlement_id})),
    )
    yield from fresh


def check_line(line: SettlementLine) -> None:
    """The arithmetic of one row (R-REC-3); a row that fits the other fee convention says so, not re-read."""
    if _adds_up(line, line.fee_excl_paise):
        if line.settled and (line.settlement_id is None or line.settled_at is None):
            column = "settlement_id" if line.settlement_id is None else "settled_at"
            raise Refused(
                "FILE_BAD_ROW",
                "a settled row says of which settlement it is and when that was",
                row=line.row,
                column=column,
                hint="settlement_missing",
            )
        return
    other = (line.fee_excl_paise + line.tax_paise, line.fee_excl_paise - line.tax_paise)
    if line.tax_paise and any(_adds_up(line, fee) for fee in other):
        raise Refused(
            "FILE_BAD_ROW",
            "the fee of this row counts the tax the other way round (API files include tax in fee, CSV files do not);"
            " choose the format that the file really has",
            row=line.row,
            column="fee",
            hint="fee_convention",
        )
    raise Refused(
        "FILE_BAD_ROW",
        f"{_RULES[line.entity_type]}; this row has amount {line.amount_paise}, fee {line.fee_excl_paise},"
        f" tax {line.tax_paise}, credit {line.credit_paise}, debit {line.debit_paise} paise",
        row=line.row,
        column="debit" if line.entity_type == "refund" else "credit",
        hint="row_arithmetic",
    )


_RULES = {
    "payment": "a payment's credit is amount − fee − tax and its debit 0",
    "refund": "a refund's debit is amount + fee + tax and its credit 0",
    "adjustment": "an adjustment has either a credit or a debit",
    "transfer": "a transfer has either a credit or a debit",
}


def _adds_up(line: SettlementLine, fee_excl_paise: int) -> bool:
    charges = fee_excl_paise + line.tax_paise
    if line.entity_type == "payment":
        return line.credit_paise == line.amount_paise - charges and line.debit_paise == 0
    if line.entity_type == "refund":
        return line.debit_paise == line.amount_paise + charges and line.credit_paise == 0
    return (line.credit_paise > 0) != (line.debit_paise > 0)


def _recorded(line: SettlementLine, gateway: str, line_id: str) -> SettlementLineRecorded:
    fields = msgspec.structs.asdict(line)
    del fields["row"]
    return SettlementLineRecorded(line_id=line_id, gateway=gateway, **fields)


def _inbox(command: IngestGatewayWebhook | RecordWebhookAttempt, context: Context) -> str:
    return INBOX + command.gateway


DECISIONS: dict[type[Command], Decision] = {
    IngestGatewayWebhook: Decision(ingest_gateway_webhook, target=_inbox, creates=None),
    RecordWebhookAttempt: Decision(record_webhook_attempt, target=_inbox, creates=False),
    IngestSettlementFile: Decision(ingest_settlement_file, creates=True),
}
