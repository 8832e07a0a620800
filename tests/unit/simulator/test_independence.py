"""Switching one fault on changes its own cells and no others, whatever else is on: effects add up."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from simulator.faults import NAMES
from tests.unit.simulator.conftest import MICRO, play

KEYS = {
    "fct_recon_item": ("item_id",),
    "mart_settlement_report": ("gateway", "settlement_id"),
    "mart_branch_variance": ("business_date", "branch_id", "channel", "mode"),
    "mart_leakage_metrics": ("business_date", "branch_id", "practitioner_id", "specialty_id", "leakage_type"),
    "mart_chain_variance": ("period_kind", "period_start_on", "branch_id", "metric"),
    "mart_revenue_bridge": ("period_kind", "period_start_on", "level", "branch_id"),
    "mart_provider_yield": ("business_date", "practitioner_id", "branch_id", "specialty_id"),
}
# Faults of delivery: the product must notice them, and no figure may.
WITHOUT_EFFECT = {"F07", "F08", "F09", "F10", "F39"}
# Not a sum of anything: it cannot add up. Nor do the parts of a product, rates, ages, and the sides of a posting in
# which faults of one batch meet (its balance does).
NO_SUM = {
    *("rank", "n_branches", "debit_paise", "credit_paise"),
    *("recon_rate_bps", "share_bps", "variance_bps", "age_days", "oldest_age_days", "days_to_bank", "los_days"),
    *("volume_paise", "mix_paise", "price_paise", "new_paise", "discontinued_paise"),
}
Cells = dict[tuple[Any, ...], Any]


def cells_of(home: Path) -> Cells:
    """Every cell of every table of the truth, at every point."""
    found: Cells = {}
    for path in (home / "truth").glob("*/*/*.json"):
        tenant_id, point, table = path.parts[-3], path.parts[-2], path.stem
        for row in json.loads(path.read_bytes()):
            names = KEYS.get(table) or [name for name in row if isinstance(row[name], str) or name == "dow"]
            key = (tenant_id, point, table, *(row[name] for name in names))
            found |= {(*key, name): value for name, value in row.items()}
    return found


def changes(before: Cells, after: Cells) -> Cells:
    """What differs: by how much where it is a number, else that it does."""
    changed: Cells = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old != new:
            is_number = type(old if old is not None else new) is int
            changed[key] = (new or 0) - (old or 0) if is_number else True
    return changed


def check_effects_add_up(profile: str | Path, names: list[str], folder: Path) -> None:
    def played(faults: str) -> Cells:
        home = folder / faults
        play(home, faults, profile)
        return cells_of(home)

    none = played("none")
    together = changes(none, played("all"))
    alone = {name: changes(none, played(name)) for name in names}
    sums: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for changed in alone.values():
        for key, value in changed.items():
            sums[key].append(value)

    assert {name for name, changed in alone.items() if not changed} == WITHOUT_EFFECT & set(names)
    for key, values in sums.items():
        if key[-1] not in NO_SUM and not any(value is True for value in values):
            assert together.get(key, 0) == sum(values), key
    assert together.keys() <= sums.keys()


def test_effects_add_up_in_a_small_world(tmp_path: Path) -> None:
    check_effects_add_up(MICRO, ["F01", "F10", "F12", "F21"], tmp_path)


@pytest.mark.faults
def test_effects_add_up(tmp_path: Path) -> None:
    check_effects_add_up("tiny", sorted(NAMES), tmp_path)
