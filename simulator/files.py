"""Files as gateways, acquirers and banks write them: rows to bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from simulator.books.records import Batch, Line
from simulator.calendar import IST

Rows = Sequence[tuple[Line, Batch | None]]

RAZORPAY_HEADER = [
    "transaction_entity",
    "entity_id",
    "amount",
    "currency",
    "fee (exclusive tax)",
    "tax",
    "debit",
    "credit",
    "payment_method",
    "card_type",
    "issuer_name",
    "entity_created_at",
    "payment_captured_at",
    "payment_notes",
    "refund_notes",
    "arn",
    "entity_description",
    "order_id",
    "order_receipt",
    "order_notes",
    "dispute_id",
    "dispute_created_at",
    "dispute_reason",
    "settlement_id",
    "settled_at",
    "settlement_utr",
    "settled_by",
]
GENERIC_HEADER = [
    "gateway",
    "settlement_id",
    "settlement_utr",
    "entity_type",
    "entity_id",
    "payment_id_ref",
    "order_id",
    "order_receipt",
    "dispute_id",
    "method",
    "card_network",
    "card_type",
    "amount_paise",
    "fee_excl_paise",
    "tax_paise",
    "credit_paise",
    "debit_paise",
    "on_hold",
    "settled",
    "created_at",
    "settled_at",
    "description",
]
BANK_HEADER = ["value_date", "transaction_date", "narration", "reference", "debit", "credit", "balance"]


def razorpay_api(rows: Rows, settled_at: datetime) -> bytes:
    """The settlement recon collection: paise, unix seconds, the fee including its tax."""
    items = []
    for line, batch in rows:
        receipt = line.receipt or (line.refund.receipt if line.refund else None)
        item: dict[str, Any] = {
            "entity_id": line.entity_id,
            "type": line.entity_type,
            "debit": line.debit_paise,
            "credit": line.credit_paise,
            "amount": line.amount_paise,
            "currency": "INR",
            "fee": line.fee_paise + line.tax_paise,
            "tax": line.tax_paise,
            "on_hold": batch is None,
            "settled": batch is not None,
            "created_at": int(line.created_at.timestamp()),
            "settled_at": int(settled_at.timestamp()) if batch else None,
            "settlement_id": batch.settlement_id if batch else None,
            "posted_at": None,
            "description": line.description or None,
            "notes": "{}",
            "payment_id": receipt.gateway_payment_id if receipt and line.refund else None,
            "settlement_utr": (batch.utr or None) if batch else None,
            "order_id": receipt.order_id if receipt else None,
            "order_receipt": None,
            "method": receipt.mode if receipt else None,
            "card_network": (receipt.card_network or None) if receipt else None,
            "card_issuer": None,
            "card_type": (receipt.card_type or None) if receipt else None,
            "dispute_id": line.dispute.id if line.dispute else None,
        }
        if line.entity_type != "adjustment":
            item["credit_type"] = "default"
        items.append(item)
    return msgspec.json.encode({"entity": "collection", "count": len(items), "items": items})


def razorpay_csv(rows: Rows, settled_at: datetime) -> bytes:
    """The settlement recon report: rupees, Indian dates, the fee without its tax."""
    written = []
    for line, batch in rows:
        receipt = line.receipt or (line.refund.receipt if line.refund else None)
        cells = dict.fromkeys(RAZORPAY_HEADER, "")
        cells |= {
            "transaction_entity": line.entity_type,
            "entity_id": line.entity_id,
            "amount": _rupees(line.amount_paise),
            "currency": "INR",
            "fee (exclusive tax)": _rupees(line.fee_paise),
            "tax": _rupees(line.tax_paise),
            "debit": _rupees(line.debit_paise),
            "credit": _rupees(line.credit_paise),
            "payment_method": receipt.mode if receipt else "",
            "card_type": receipt.card_type if receipt else "",
            "entity_created_at": _indian(line.created_at),
            "entity_description": line.description,
            "order_id": (receipt.order_id or "") if receipt else "",
            "dispute_id": line.dispute.id if line.dispute else "",
            "settlement_id": batch.settlement_id if batch else "",
            "settled_at": _indian(settled_at) if batch else "",
            "settlement_utr": batch.utr if batch else "",
        }
        written.append([cells[name] for name in RAZORPAY_HEADER])
    return _csv(RAZORPAY_HEADER, written)


def generic_csv(rows: Rows, settled_at: datetime, gateway: str) -> bytes:
    """The acquirer's file: canonical names, paise, RFC 3339 times."""
    written = []
    for line, batch in rows:
        receipt = line.receipt or (line.refund.receipt if line.refund else None)
        cells = dict.fromkeys(GENERIC_HEADER, "")
        cells |= {
            "gateway": gateway,
            "settlement_id": batch.settlement_id if batch else "",
            "settlement_utr": batch.utr if batch else "",
            "entity_type": line.entity_type,
            "entity_id": line.entity_id,
            "method": receipt.mode if receipt else "",
            "card_network": receipt.card_network if receipt else "",
            "card_type": receipt.card_type if receipt else "",
            "amount_paise": str(line.amount_paise),
            "fee_excl_paise": str(line.fee_paise),
            "tax_paise": str(line.tax_paise),
            "credit_paise": str(line.credit_paise),
            "debit_paise": str(line.debit_paise),
            "on_hold": "false",
            "settled": "true",
            "created_at": _rfc3339(line.created_at),
            "settled_at": _rfc3339(settled_at),
        }
        written.append([cells[name] for name in GENERIC_HEADER])
    return _csv(GENERIC_HEADER, written)


def bank_csv(rows: Iterable[tuple[date, str, str, int, int]]) -> bytes:
    """(value date, narration, reference, paise, balance) rows as the bank's statement."""
    written = []
    for on, narration, reference, paise, balance in rows:
        debit, credit = (_rupees(-paise), "") if paise < 0 else ("", _rupees(paise))
        written.append([on.isoformat(), on.isoformat(), narration, reference, debit, credit, _rupees(balance)])
    return _csv(BANK_HEADER, written)


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def _rupees(paise: int) -> str:
    sign = "-" if paise < 0 else ""
    return f"{sign}{abs(paise) // 100}.{abs(paise) % 100:02d}"


def _indian(at: datetime) -> str:
    return at.astimezone(IST).strftime("%d/%m/%Y %H:%M:%S")


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
