"""Truth of mart_recon_ageing: how long what is open has been open, by leg, class and branch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from simulator.books.items import Item

LAST_DAYS = ((2, "0-2"), (7, "3-7"), (15, "8-15"), (30, "16-30"), (60, "31-60"))


def recon_ageing(tenant_id: str, items: Iterable[Item], today: date) -> list[dict[str, Any]]:
    cells: dict[tuple[str, str, str, str], list[int]] = defaultdict(list)
    for item in items:
        if item.is_open:
            age = (today - item.aged_from).days
            bucket = next((name for last, name in LAST_DAYS if age <= last), "60+")
            cells[item.leg, item.class_, item.branch_id, bucket].append(_at_stake(item))
    return [
        {
            "tenant_id": tenant_id,
            "as_of_date": today,
            "leg": leg,
            "class": class_,
            "branch_id": branch_id,
            "bucket": bucket,
            "n": len(amounts),
            "paise": sum(amounts),
        }
        for (leg, class_, branch_id, bucket), amounts in cells.items()
    ]


def _at_stake(item: Item) -> int:
    """What is missing, in excess or charged too much; of a dispute whose money is kept, all of it."""
    return max(item.left - item.matched, item.excess, abs(item.fee_variance)) or abs(item.right)
