"""Truth of mart_claims_ageing: submitted claims by payer, branch, state and age."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from simulator.books.stays import Claim

BUCKETS = ((2, "0-2"), (7, "3-7"), (15, "8-15"), (30, "16-30"), (60, "31-60"))
OLDEST = "60+"


def claims_ageing(tenant_id: str, claims: Iterable[Claim], today: date) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str, str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.submitted_on is not None:
            age = (today - claim.submitted_on).days
            bucket = next((name for days, name in BUCKETS if age <= days), OLDEST)
            groups[claim.payer_id, claim.stay.branch.id, claim.status, bucket].append(claim)
    return [
        {
            "tenant_id": tenant_id,
            "as_of_date": today,
            "payer_id": payer_id,
            "branch_id": branch_id,
            "state": state,
            "bucket": bucket,
            "n": len(found),
            "claimed_paise": sum(claim.claimed_paise for claim in found),
            "approved_paise": sum(claim.approved_paise for claim in found),
            "settled_gross_paise": sum(claim.gross_paise for claim in found),
            "outstanding_paise": sum(_outstanding(claim) for claim in found),
            "open_queries_n": sum(claim.open_queries for claim in found),
        }
        for (payer_id, branch_id, state, bucket), found in groups.items()
    ]


def _outstanding(claim: Claim) -> int:
    """Nobody waits for the rest of a claim that is over."""
    return 0 if claim.status in ("closed", "cancelled") else claim.approved_paise - claim.gross_paise
