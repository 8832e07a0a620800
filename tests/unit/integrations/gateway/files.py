"""Settlement files to translate, in each format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from integrations.gateway.translate import GENERIC_CSV_HEADER, RAZORPAY_CSV_HEADER


def api_item(**other: Any) -> dict[str, Any]:
    """A card payment of 2,500.00 as the API reports it: fee 59.00 with 9.00 tax in it."""
    return {
        "entity_id": "pay_1",
        "type": "payment",
        "debit": 0,
        "credit": 244_100,
        "amount": 250_000,
        "currency": "INR",
        "fee": 5_900,
        "tax": 900,
        "on_hold": False,
        "settled": True,
        "created_at": 1_793_775_600,
        "settled_at": 1_793_937_600,
        "settlement_id": "setl_B",
        "posted_at": None,
        "credit_type": "default",
        "description": "Visit of Asha Rao",
        "notes": {"patient": "Asha Rao"},
        "payment_id": None,
        "settlement_utr": "HDFC0000000000B1",
        "order_id": "order_1",
        "order_receipt": None,
        "method": "card",
        "card_network": "Visa",
        "card_issuer": "HDFC",
        "card_type": "credit",
        "dispute_id": None,
    } | other


def api_file(*items: dict[str, Any], **other: Any) -> bytes:
    return json.dumps({"entity": "collection", "count": len(items), "items": items} | other).encode()


def csv_file(header: Sequence[str], *rows: dict[str, str], end: str = "\r\n") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end)
    writer.writerow(header)
    writer.writerows([[row.get(name, "") for name in header] for row in rows])
    return out.getvalue().encode()


def razorpay_row(**other: str) -> dict[str, str]:
    """The same payment as the dashboard's CSV reports it: rupees, fee without tax."""
    return {
        "transaction_entity": "payment",
        "entity_id": "pay_1",
        "amount": "2500.00",
        "currency": "INR",
        "fee (exclusive tax)": "50.00",
        "tax": "9.00",
        "debit": "0.00",
        "credit": "2441.00",
        "payment_method": "card",
        "card_type": "credit",
        "entity_created_at": "04/11/2026 12:30:00",
        "order_id": "order_1",
        "entity_description": "Visit of Asha Rao",
        "settlement_id": "setl_B",
        "settled_at": "06/11/2026 09:30:00",
        "settlement_utr": "HDFC0000000000B1",
    } | other


def razorpay_csv(*rows: dict[str, str], end: str = "\r\n") -> bytes:
    return csv_file(RAZORPAY_CSV_HEADER, *rows, end=end)


def generic_row(**other: str) -> dict[str, str]:
    """The same payment in the canonical columns."""
    return {
        "gateway": "pos_hdfc",
        "settlement_id": "setl_B",
        "settlement_utr": "HDFC0000000000B1",
        "entity_type": "payment",
        "entity_id": "612345678901",
        "method": "card",
        "amount_paise": "250000",
        "fee_excl_paise": "5000",
        "tax_paise": "900",
        "credit_paise": "244100",
        "debit_paise": "0",
        "on_hold": "false",
        "settled": "true",
        "created_at": "2026-11-04T12:30:00+05:30",
        "settled_at": "2026-11-06T04:00:00Z",
    } | other


def generic_csv(*rows: dict[str, str], end: str = "\r\n") -> bytes:
    return csv_file(GENERIC_CSV_HEADER, *rows, end=end)
