"""Truth of mart_settlement_report: one row per settlement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from simulator.books.items import Item, batch_class
from simulator.books.records import Batch, Line


def settlement_report(
    tenant_id: str, batches: Iterable[Batch], items: Iterable[Item], today: date
) -> list[dict[str, Any]]:
    item_of = {id(line): item for item in items for line in item.lines}
    return [_row(tenant_id, batch, item_of, today) for batch in batches]


def _row(tenant_id: str, batch: Batch, item_of: dict[int, Item], today: date) -> dict[str, Any]:
    payments = [line for line in batch.lines if line.entity_type == "payment"]
    refunds = [line for line in batch.lines if line.entity_type == "refund"]
    others = [line for line in batch.lines if line.entity_type == "adjustment"]
    consumed = [(line, item_of[id(line)]) for line in batch.lines if id(line) in item_of]
    return {
        "tenant_id": tenant_id,
        "gateway": batch.gateway,
        "settlement_id": batch.settlement_id,
        "settlement_utr": batch.utr or None,
        "settled_on": batch.settled_on,
        "payments_n": len(payments),
        "payments_gross_paise": _sum(payments),
        "refunds_n": len(refunds),
        "refunds_paise": _sum(refunds),
        "adjustments_net_paise": sum(line.credit_paise - line.debit_paise for line in others),
        "fee_paise": sum(line.fee_paise for line in payments + refunds),
        "tax_paise": sum(line.tax_paise for line in payments + refunds),
        "net_paise": batch.net_paise,
        "bank_line_id": batch.bank_line_id or None,
        "bank_value_on": batch.banked_on,
        "bank_paise": batch.banked_paise,
        "bank_variance_paise": batch.banked_paise - batch.payout_paise,
        "matched_n": sum(item.class_ == "matched" for _, item in consumed),
        "fee_variance_n": sum(item.class_ == "matched_fee_variance" for _, item in consumed),
        "fee_variance_paise": sum(item.fee_variance for line, item in consumed if line is item.lines[-1]),
        "orphan_n": _count(batch, "orphan"),
        "orphan_paise": _sum(line for line in batch.lines if line.role == "orphan"),
        "duplicate_n": _count(batch, "duplicate"),
        "duplicate_paise": _sum(line for line in batch.lines if line.role == "duplicate"),
        "status_conflict_n": _count(batch, "conflict"),
        "days_to_bank": (batch.banked_on - batch.settled_on).days if batch.banked_on else None,
        "batch_class": batch_class(batch, today),
    }


def _sum(lines: Iterable[Line]) -> int:
    return sum(line.amount_paise for line in lines)


def _count(batch: Batch, role: str) -> int:
    return sum(line.role == role for line in batch.lines)
