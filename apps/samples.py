"""Two files to try: the settlement that a gateway still owes, and the bank statement that pays it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from exports.warehouse import opened
from integrations.bank.bank_csv import BANK_CSV_HEADER
from integrations.gateway.translate import RAZORPAY_CSV_HEADER, RAZORPAY_TIME
from mymedic.clock import INDIA
from mymedic.money import rupees_text

SETTLEMENT_ID = "setl_SAMPLE0000001"
UTR = "SMPL0000000000000001"
ROWS = 12


class Samples(NamedTuple):
    settlement: Path
    bank: Path


def write_samples(warehouse: Path, folder: Path) -> Samples:
    """Settle the payments that are missing, or the newest ones on their way where none is; fees as contracted."""
    with opened(warehouse) as connection:
        payments = _unsettled(connection)
        found = connection.execute("SELECT as_of_at FROM build_info").fetchone()
    as_of: datetime = (found[0] if found and found[0] else datetime(2026, 4, 1, tzinfo=UTC)).astimezone(INDIA)
    settled_at = as_of.replace(hour=11, minute=0, second=0, microsecond=0) + timedelta(days=1)
    folder.mkdir(parents=True, exist_ok=True)
    samples = Samples(folder / "sample-settlement.csv", folder / "sample-bank.csv")
    rows = [_settlement_row(payment, settled_at) for payment in payments]
    net = sum(one["captured_paise"] - one["expected_fee_paise"] - one["expected_tax_paise"] for one in payments)
    samples.settlement.write_bytes(_csv(RAZORPAY_CSV_HEADER, rows))
    samples.bank.write_bytes(_csv(BANK_CSV_HEADER, [_bank_row(net, settled_at)]))
    return samples


def _unsettled(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    cursor = connection.execute(
        "SELECT payment.gateway_payment_id, payment.captured_paise, payment.mode, payment.card_type, payment.order_id,"
        " payment.captured_at, coalesce(payment.expected_fee_paise, 0) AS expected_fee_paise,"
        " coalesce(payment.expected_tax_paise, 0) AS expected_tax_paise FROM fct_payment payment"
        " JOIN fct_recon_item item ON item.tenant_id = payment.tenant_id AND item.payment_id = payment.payment_id"
        " WHERE item.leg = 'L1' AND item.kind = 'payment' AND item.class IN ('missing_settlement', 'in_transit')"
        " ORDER BY item.class DESC, payment.captured_at DESC, payment.payment_id LIMIT ?",
        (ROWS,),
    )
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _settlement_row(payment: dict[str, Any], settled_at: datetime) -> dict[str, str]:
    captured = payment["captured_at"].astimezone(INDIA).strftime(RAZORPAY_TIME)
    fee, tax = payment["expected_fee_paise"], payment["expected_tax_paise"]
    return {
        "transaction_entity": "payment",
        "entity_id": payment["gateway_payment_id"],
        "amount": rupees_text(payment["captured_paise"]),
        "currency": "INR",
        "fee (exclusive tax)": rupees_text(fee),
        "tax": rupees_text(tax),
        "debit": "0.00",
        "credit": rupees_text(payment["captured_paise"] - fee - tax),
        "payment_method": payment["mode"],
        "card_type": payment["card_type"] or "",
        "entity_created_at": captured,
        "payment_captured_at": captured,
        "order_id": payment["order_id"] or "",
        "settlement_id": SETTLEMENT_ID,
        "settled_at": settled_at.strftime(RAZORPAY_TIME),
        "settlement_utr": UTR,
        "settled_by": "Razorpay",
    }


def _bank_row(net_paise: int, settled_at: datetime) -> dict[str, str]:
    on = settled_at.date().isoformat()
    return {
        "value_date": on,
        "transaction_date": on,
        "narration": f"NEFT RAZORPAY SOFTWARE {UTR}",
        "reference": UTR,
        "credit": rupees_text(net_paise) if net_paise > 0 else "",
        "debit": "" if net_paise > 0 else rupees_text(-net_paise),
        "balance": rupees_text(10_000_000 + net_paise),
    }


def _csv(header: tuple[str, ...], rows: list[dict[str, str]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()
