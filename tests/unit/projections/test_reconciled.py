"""What was said of an item counts at once as the next build will count it: the cases are those of `fct_recon_item`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

import projections
from projections.reconciled import Outcome, PublishedItem, outcomes
from projections.reconciliation import ReconResolution

MODELS = Path(projections.__file__).parents[1] / "dbt_project" / "models"
CASES: list[dict[str, Any]] = yaml.safe_load((MODELS / "facts" / "reconciliation" / "fct_recon_item.yml").read_text())[
    "unit_tests"
]
ANY_ITEM = PublishedItem(
    item_id="",
    leg="L1",
    kind="payment",
    class_="matched",
    left_ref=None,
    right_ref=None,
    branch_id="-1",
    gateway=None,
    business_date=date(2026, 11, 5),
    due_on=None,
    aged_from_on=date(2026, 11, 5),
    left_paise=0,
    right_paise=0,
    matched_paise=0,
    variance_paise=0,
    fee_variance_paise=0,
    rule_missed=None,
    evidence_status="mismatched",
    stake_paise=0,
    item_hash="",
)
# Column of the warehouse -> what it is called of an outcome.
NAMES = {
    "status": "status",
    "open_paise": "open_paise",
    "resolution_state": "state",
    "resolution": "resolution",
    "resolution_target": "target",
    "resolution_paise": "paise",
    "resolution_seq": "seq",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_resolution_counts_as_the_next_build_counts_it(case: dict[str, Any]) -> None:
    given = {one["input"].split("'")[1]: one["rows"] for one in case["given"]}
    items = [
        msgspec.structs.replace(
            ANY_ITEM, **{name: row[name] for name in ("item_id", "kind", "evidence_status", "stake_paise", "item_hash")}
        )
        for row in given["fct_recon_finding"]
    ]
    fields = ReconResolution.__struct_fields__
    said = {
        row["item_id"]: ReconResolution(
            tenant_id="ten_test", **{name: value for name, value in row.items() if name in fields[2:]}
        )
        for row in given["proj_recon_resolutions"]
    }
    found = outcomes(items, said)
    for expected in case["expect"]["rows"]:
        outcome = found[expected["item_id"]]
        for column, name in NAMES.items():
            if column in expected:
                assert getattr(outcome, name) == expected[column], (expected["item_id"], column)


def test_a_test_payment_is_void() -> None:
    assert Outcome("resolved", 0, "applied", "ignore_test").hyper_status == "void"
    assert Outcome("resolved", 0, "applied", "write_off").hyper_status == "resolved"
    assert Outcome("mismatched", 5, "stale", "ignore_test").hyper_status == "mismatched"
