"""Truth of mart_gateway_fee_audit: what settled payments cost, and what the contract says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from simulator.books.items import Item
from simulator.fees import Fees

Key = tuple[str, str, str, date]


def fee_audit(tenant_id: str, items: Iterable[Item], fees: Fees) -> list[dict[str, Any]]:
    cells: dict[Key, Counter[str]] = defaultdict(Counter)
    for item in items:
        if item.kind != "payment" or item.class_ not in ("matched", "matched_fee_variance"):
            continue
        receipt = item.lines[0].receipt
        assert receipt is not None and receipt.gateway is not None
        fee, tax = fees.of(receipt, item.left)
        fee_charged = sum(line.fee_paise for line in item.lines)
        tax_charged = sum(line.tax_paise for line in item.lines)
        month = item.business_date.replace(day=1)
        cells[receipt.gateway, receipt.mode, receipt.card_type or "-", month].update(
            n=1,
            amount_paise=item.left,
            fee_charged_paise=fee_charged,
            fee_expected_paise=fee,
            tax_charged_paise=tax_charged,
            tax_expected_paise=tax,
            variance_paise=fee_charged + tax_charged - fee - tax,
        )
    return [
        {
            "tenant_id": tenant_id,
            "gateway": gateway,
            "mode": mode,
            "card_type": card_type,
            "month_start_on": month,
            **{name: sums[name] for name in COLUMNS},
        }
        for (gateway, mode, card_type, month), sums in cells.items()
    ]


COLUMNS = (
    "n",
    "amount_paise",
    "fee_charged_paise",
    "fee_expected_paise",
    "tax_charged_paise",
    "tax_expected_paise",
    "variance_paise",
)
