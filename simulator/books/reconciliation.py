"""Truth of the reconciliation itself: one row per item."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from simulator.books.items import Item


def recon_items(tenant_id: str, items: Iterable[Item], today: date) -> list[dict[str, Any]]:
    return [
        {
            "tenant_id": tenant_id,
            "item_id": item.item_id,
            "leg": item.leg,
            "kind": item.kind,
            "class": item.class_,
            "branch_id": item.branch_id,
            "business_date": item.business_date,
            "due_on": item.due_on,
            "left_paise": item.left,
            "right_paise": item.right,
            "matched_paise": item.matched,
            "variance_paise": item.right - item.left,
            "fee_variance_paise": item.fee_variance,
            "age_days": (today - item.aged_from).days,
        }
        for item in items
    ]
