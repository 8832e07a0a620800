"""Truth of mart_leakage_metrics: one row per day, branch, practitioner, specialty and kind of leak."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from simulator.books.items import NOBODY, Item
from simulator.cast import Tenant


def leakage_metrics(tenant: Tenant, items: Iterable[Item]) -> list[dict[str, Any]]:
    leaks: dict[tuple, list[tuple[str, int]]] = defaultdict(list)
    for item in items:
        kind, amount = _leak(item)
        if kind:
            practitioner, specialty = NOBODY, NOBODY
            if item.visit is not None:
                practitioner = item.visit.practitioner.id
                specialty = tenant.id_of("spc", item.visit.practitioner.specialty.id)
            leaks[item.business_date, item.branch_id, practitioner, specialty, kind].append((item.item_id, amount))
    return [
        {
            "tenant_id": tenant.id,
            "business_date": business_date,
            "branch_id": branch_id,
            "practitioner_id": practitioner,
            "specialty_id": specialty,
            "leakage_type": kind,
            "n": len(found),
            "amount_paise": sum(amount for _, amount in found),
            "recoverable_paise": 0 if kind == "cash_short" else sum(amount for _, amount in found),
            "evidence_ids": ",".join(sorted(item_id for item_id, _ in found)),
        }
        for (business_date, branch_id, practitioner, specialty, kind), found in leaks.items()
    ]


def _leak(item: Item) -> tuple[str, int]:
    """Under which heading an item leaks, and how much; an empty heading when it does not."""
    leaks = {
        "missing_settlement": ("missing_settlement", item.left),
        "qr_missing": ("missing_settlement", item.left),
        "amount_mismatch_short": ("short_settlement", item.left - item.matched),
        "matched_fee_variance": ("fee_overcharge", item.fee_variance),
        "cash_short": ("cash_short", item.left - item.right),
        "status_conflict": ("late_auth_uncaptured", item.right),
    }
    return ("", 0) if item.kind == "refund" else leaks.get(item.class_, ("", 0))
