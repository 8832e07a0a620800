"""Settlement lines and files to decide on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from event_store.aggregates.settlement_file.commands import IngestSettlementFile, SettlementLine

CREATED = datetime(2026, 11, 4, 6, 30, tzinfo=UTC)
SETTLED = datetime(2026, 11, 6, 4, 0, tzinfo=UTC)


def payment_line(
    entity_id: str = "pay_1", amount: int = 250_000, fee: int = 5_000, tax: int = 900, **other: Any
) -> Any:
    """A settled card payment; the amounts of DOMAIN §13."""
    fields: dict[str, Any] = {
        "row": 1,
        "settlement_id": "setl_B",
        "settlement_utr": "HDFC0000000000B1",
        "entity_type": "payment",
        "entity_id": entity_id,
        "method": "card",
        "amount_paise": amount,
        "fee_excl_paise": fee,
        "tax_paise": tax,
        "credit_paise": amount - fee - tax,
        "debit_paise": 0,
        "settled": True,
        "created_at": CREATED,
        "settled_at": SETTLED,
        "raw_sha256": "0" * 64,
    }
    return SettlementLine(**(fields | other))


def refund_line(entity_id: str = "rfnd_1", amount: int = 20_000, **other: Any) -> SettlementLine:
    fields = {"entity_type": "refund", "credit_paise": 0, "debit_paise": amount, "row": 2}
    line: SettlementLine = payment_line(entity_id, amount, 0, 0, **(fields | other))
    return line


def file_of(*lines: SettlementLine, sha: str = "a", **other: Any) -> IngestSettlementFile:
    fields: dict[str, Any] = {
        "gateway": "razorpay",
        "format": "razorpay_recon_api_v1",
        "file_name": "recon.json",
        "file_sha256": sha * 64,
        "lines": lines,
    }
    return IngestSettlementFile(**(fields | other))
