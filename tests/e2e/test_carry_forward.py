"""INV-R7: what was open, and what has opened since, less what was cleared, is what is open: in items and in paise."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.e2e.truth import built
from tests.worlds import World

PERIODS = (("midpoint", "end"), ("end", "settled"))
COLUMNS = ["item_id", "leg", "is_open", "is_exception", "open_paise", "first_open_on", "as_of"]
# (leg, on its way or an exception)
Group = tuple[str, bool]


class Item(NamedTuple):
    group: Group
    paise: int
    first_open_on: date | None


def opened(warehouse: Path) -> dict[str, Item]:
    """Every item by its id; one that is not open has no first day and nothing at stake."""
    return {row["item_id"]: item_of(row) for row in built(warehouse, "fct_recon_item", COLUMNS)}


def item_of(row: dict[str, Any]) -> Item:
    return Item((row["leg"], row["is_exception"]), row["open_paise"], row["first_open_on"])


def carried(before: dict[str, Item], after: dict[str, Item], day: date) -> list[str]:
    """What does not add up from the end of a day to a later one; what is new must say so of itself."""
    wrong = []
    was = {key: item for key, item in before.items() if item.first_open_on}
    now = {key: item for key, item in after.items() if item.first_open_on}
    for key, item in now.items():
        assert item.first_open_on is not None
        if (item.first_open_on <= day) != (key in before):
            wrong.append(f"{key} is open since {item.first_open_on}")
        if key in was and was[key].first_open_on != item.first_open_on:
            wrong.append(f"{key} was open since {was[key].first_open_on}, and now since {item.first_open_on}")
    opening, closing = totals(was), totals(now)
    came = totals({key: item for key, item in now.items() if key not in was or was[key].group != item.group})
    went = totals({key: item for key, item in was.items() if key not in now or now[key].group != item.group})
    stayed = {key: now[key] for key in was.keys() & now.keys() if was[key].group == now[key].group}
    for group in opening.keys() | closing.keys():
        changed = sum(item.paise - was[key].paise for key, item in stayed.items() if item.group == group)
        n = opening[group][0] + came[group][0] - went[group][0]
        paise = opening[group][1] + came[group][1] - went[group][1] + changed
        if (n, paise) != closing[group]:
            wrong.append(f"{group}: {n} items of {paise} paise are carried to {closing[group]}")
    return wrong


class _Totals(dict[Group, tuple[int, int]]):
    def __missing__(self, group: Group) -> tuple[int, int]:
        return 0, 0


def totals(items: dict[str, Item]) -> _Totals:
    count = Counter(item.group for item in items.values())
    paise: Counter[Group] = Counter()
    for item in items.values():
        paise[item.group] += item.paise
    return _Totals({group: (count[group], paise[group]) for group in count})


@pytest.mark.parametrize(("opening", "closing"), PERIODS)
def test_open_items_are_carried_from_one_day_to_another(tiny_world: World, opening: str, closing: str) -> None:
    seen = 0
    for tenant_id in tiny_world.report.tenants:
        before = opened(tiny_world.warehouse(tenant_id, opening))
        after = opened(tiny_world.warehouse(tenant_id, closing))
        assert carried(before, after, tiny_world.as_of(opening).date()) == []
        seen += len(before)
    assert seen > 0


def test_what_is_not_carried_is_named() -> None:
    day, later = date(2026, 11, 6), date(2026, 11, 7)
    way, missing = ("L1", False), ("L1", True)
    before = {"a": Item(way, 100, day), "b": Item(way, 50, day), "c": Item(way, 0, None)}

    assert carried(before, {"a": Item(missing, 100, day), "b": Item(way, 0, None), "d": Item(way, 7, later)}, day) == []
    assert carried(before, {"a": Item(way, 60, day)}, day) == []
    assert carried(before, {"a": Item(way, 100, later)}, day) != []
    assert carried(before, {"e": Item(way, 5, day)}, day) != []
