"""Truth of mart_leakage_metrics: one row per day, branch, practitioner, specialty and kind of leak."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from simulator.books.items import NOBODY, Item
from simulator.books.records import Visit
from simulator.calendar import DAY, day_of
from simulator.cast import Tenant
from simulator.stage import Ledger

FREE_DAYS, FREE_VISITS = 7, 1
OVERDUE_DAYS = 7
DESK_LIMIT_BPS = 1_000
# Nobody can be asked for these any more.
GONE = ("cash_short", "policy_forfeit_not_taken", "deposit_waived", "free_followup_misuse", "excess_discount")


@dataclass(frozen=True)
class Leak:
    """So much is lost in such a way; `evidence` is what shows it, `visit` whose doctor it was."""

    kind: str
    on: date
    branch_id: str
    visit: Visit | None
    evidence: str
    amount_paise: int
    is_gone: bool = False


def leakage_metrics(tenant: Tenant, ledger: Ledger, items: Iterable[Item], as_of: datetime) -> list[dict[str, Any]]:
    leaks = [
        *_of_items(ledger, items),
        *_of_claims(ledger),
        *_of_visits(ledger, items, as_of),
        *_of_services(ledger, as_of),
        *_of_free(ledger),
    ]
    cells: dict[tuple, list[Leak]] = defaultdict(list)
    for leak in leaks:
        practitioner, specialty = NOBODY, NOBODY
        if leak.visit is not None:
            practitioner = leak.visit.practitioner.id
            specialty = tenant.id_of("spc", leak.visit.practitioner.specialty.id)
        cells[leak.on, leak.branch_id, practitioner, specialty, leak.kind].append(leak)
    return [
        {
            "tenant_id": tenant.id,
            "business_date": business_date,
            "branch_id": branch_id,
            "practitioner_id": practitioner,
            "specialty_id": specialty,
            "leakage_type": kind,
            "n": len(found),
            "amount_paise": sum(leak.amount_paise for leak in found),
            "recoverable_paise": sum(leak.amount_paise for leak in found if not leak.is_gone and kind not in GONE),
            "evidence_ids": ",".join(sorted(leak.evidence for leak in found)),
        }
        for (business_date, branch_id, practitioner, specialty, kind), found in cells.items()
    ]


def _of_items(ledger: Ledger, items: Iterable[Item]) -> Iterator[Leak]:
    stays = {f"L6:claim:{claim.transfer.utr}": claim.stay.visit for claim in ledger.claims if claim.transfer}
    for item in items:
        kind, amount = _lost(item)
        if kind:
            visit = item.visit or stays.get(item.item_id)
            yield Leak(kind, item.business_date, item.branch_id, visit, item.item_id, amount)


def _of_claims(ledger: Ledger) -> Iterator[Leak]:
    """What payers struck out, until the patient is billed for it; once a claim is closed nobody can be asked again."""
    for claim in ledger.claims:
        if claim.disallowed_paise and claim.status != "cancelled" and not claim.is_billed_to_patient:
            assert claim.adjudicated_on is not None
            visit, is_closed = claim.stay.visit, claim.status == "closed"
            amount, on = claim.disallowed_paise, claim.adjudicated_on
            yield Leak("claim_disallowed", on, claim.stay.branch.id, visit, claim.id, amount, is_closed)


def _lost(item: Item) -> tuple[str, int]:
    """Under which heading an item leaks, and how much; an empty heading when it does not."""
    leaks = {
        "missing_settlement": ("missing_settlement", item.left),
        "qr_missing": ("missing_settlement", item.left),
        "claim_missing": ("missing_settlement", item.left),
        "amount_mismatch_short": ("short_settlement", item.left - item.matched),
        "matched_fee_variance": ("fee_overcharge", item.fee_variance),
        "cash_short": ("cash_short", item.left - item.right),
        "status_conflict": ("late_auth_uncaptured", item.right),
        "claim_amount_mismatch": ("claim_short_paid", item.left - item.right),
    }
    return ("", 0) if item.kind == "refund" else leaks.get(item.class_, ("", 0))


def _of_visits(ledger: Ledger, items: Iterable[Item], as_of: datetime) -> Iterator[Leak]:
    """Bills that nobody paid, deposits that nobody asked for, fees forgiven; money that came unnoticed is elsewhere."""
    caught: dict[str, int] = defaultdict(int)
    for item in items:
        if item.class_ == "status_conflict" and item.visit is not None:
            caught[item.visit.id] += item.right
    for visit in ledger.visits:
        if visit.booked_at is None or visit.status in ("hold_expired", "error"):
            continue
        unpaid = _unpaid(visit, as_of)
        found = {
            "undercollected": (visit.billed_on, unpaid - caught[visit.id]),
            "policy_forfeit_not_taken": (_closed_on(visit), visit.forgiven_paise if visit.forfeit_paise == 0 else 0),
            "deposit_waived": (
                day_of(visit.booked_at),
                visit.deposit_required_paise - visit.deposit_paid_paise - max(unpaid, caught[visit.id]),
            ),
        }
        for kind, (on, amount) in found.items():
            evidence = visit.invoice_id if kind == "undercollected" else visit.id
            if amount > 0 and on is not None and evidence is not None:
                yield Leak(kind, on, visit.branch.id, visit, evidence, amount)


def _unpaid(visit: Visit, as_of: datetime) -> int:
    """What a bill of more than a week ago still asks for."""
    if visit.billed_on is None or day_of(as_of) <= visit.billed_on + OVERDUE_DAYS * DAY:
        return 0
    return max(0, visit.bill.outstanding_paise) if visit.bill is not None else 0


def _closed_on(visit: Visit) -> date | None:
    return None if visit.released_at is None else day_of(visit.released_at)


def _of_services(ledger: Ledger, as_of: datetime) -> Iterator[Leak]:
    for one in ledger.unbilled:
        if one.at + timedelta(hours=24) <= as_of:
            yield Leak("unbilled_service", day_of(one.at), one.visit.branch.id, one.visit, one.id, one.amount_paise)
    for one in ledger.given_away:
        above = one.amount_paise - (one.amount_paise * DESK_LIMIT_BPS + 5_000) // 10_000
        yield Leak("excess_discount", day_of(one.at), one.visit.branch.id, one.visit, f"{one.id}/1", above)


def _of_free(ledger: Ledger) -> Iterator[Leak]:
    """Free visits that were not free: without a paid one in the week before, or one too many after it."""
    seen = sorted(
        (visit for visit in ledger.visits if visit.status == "fulfilled"),
        key=lambda visit: (visit.start_at, visit.booked_tick),
    )
    paid: dict[tuple, list[date]] = defaultdict(list)
    used: dict[tuple, int] = defaultdict(int)
    for visit in seen:
        whose = (visit.person.id, visit.practitioner.id)
        on = day_of(visit.start_at)
        if not visit.is_free:
            paid[whose].append(on)
    for visit in (visit for visit in seen if visit.is_free):
        whose, on = (visit.person.id, visit.practitioner.id), day_of(visit.start_at)
        since = max((day for day in paid[whose] if day <= on), default=None)
        until = None if since is None else since + FREE_DAYS * DAY
        if visit.followup is not None and visit.followup.visit.started_at is not None:
            since, until = day_of(visit.followup.visit.started_at), visit.followup.free_until
        used[*whose, since] += 1
        if since is None or until is None or not since <= on <= until or used[*whose, since] > FREE_VISITS:
            yield Leak("free_followup_misuse", on, visit.branch.id, visit, visit.id, visit.list_paise)
