"""P5: the reconciliation items of the published warehouse with what people have said of them since, laid over them.

Items are matched in SQL alone; what holds of a resolution is worked out here as `fct_recon_item` does when it is built.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple, Protocol

import msgspec
from msgspec import Struct

from projections.database import Reader
from projections.reconciliation import ReconCarried, ReconResolution

Evidence = Literal["expected", "posted", "mismatched"]
HyperStatus = Literal["expected", "posted", "mismatched", "resolved", "void"]
Status = Literal["expected", "posted", "mismatched", "resolved"]
Said = Literal["applied", "linked", "stale", "superseded", "chased", "reopened"]


class PublishedItem(Struct, frozen=True, kw_only=True):
    """What the warehouse says of an item; `evidence_status` and `stake_paise` before anybody has said anything."""

    item_id: str
    leg: str
    kind: str
    class_: str = msgspec.field(name="class")
    left_ref: str | None
    right_ref: str | None
    branch_id: str
    gateway: str | None
    business_date: date
    due_on: date | None
    aged_from_on: date
    left_paise: int
    right_paise: int
    matched_paise: int
    variance_paise: int
    fee_variance_paise: int
    rule_missed: str | None
    evidence_status: Evidence
    stake_paise: int
    item_hash: str


class ReconItem(Struct, frozen=True, kw_only=True):
    """One row per reconciliation item, as it stands now. Amounts are paise.

    `hyper_status` is `void` for an item that was a test. `open_paise` is what is still to be decided about, and
    `carried_from_run` the first recorded run that found the item open.
    """

    recon_item_id: str
    leg: str
    kind: str
    class_: str = msgspec.field(name="class")
    hyper_status: HyperStatus
    left_ref: str | None
    right_ref: str | None
    branch_id: str
    gateway: str | None
    business_date: date
    due_on: date | None
    left_paise: int
    right_paise: int
    matched_paise: int
    variance_paise: int
    fee_variance_paise: int
    open_paise: int
    age_days: int
    carried_from_run: str | None
    rule_missed: str | None
    resolution_state: Said | None
    resolution: str | None
    resolution_target: str | None
    resolution_paise: int | None
    resolution_seq: int | None
    item_hash: str


class Settlement(NamedTuple):
    """When the money of a payment should arrive, and the class of its item: `matched`, `in_transit`, …"""

    due_on: date | None
    class_: str


class ItemFilter(NamedTuple):
    """Which items are wanted; None: any. The dates are business dates, `until` included."""

    branch_ids: tuple[str, ...] | None = None
    gateway: str | None = None
    leg: str | None = None
    class_: str | None = None
    since: date | None = None
    until: date | None = None
    status: tuple[HyperStatus, ...] | None = None
    limit: int = 100
    offset: int = 0


class PublishedItems(Protocol):
    """The published file of a tenant, for whoever may open it. NOT_FOUND when nothing was built yet."""

    def by_id(self, tenant_id: str, item_ids: Collection[str]) -> list[PublishedItem]: ...

    def of_payments(self, tenant_id: str, payment_ids: Collection[str]) -> dict[str, Settlement]:
        """Payment -> when its money is due and what has become of it; without those that settle otherwise, as cash,
        and those of which no build knows yet.
        """

    def select(self, tenant_id: str, wanted: ItemFilter, said_of: Collection[str], kept: Collection[str]) -> list[str]:
        """Ids of the wanted items by business date and id: of those in `said_of` the `kept` ones, and of all others
        those whose evidence has the wanted status."""


class Outcome(NamedTuple):
    """What has become of an item by what was said of it."""

    status: Status
    open_paise: int
    state: Said | None = None
    resolution: str | None = None
    target: str | None = None
    paise: int | None = None
    seq: int | None = None

    @property
    def hyper_status(self) -> HyperStatus:
        return "void" if self.status == "resolved" and self.resolution == "ignore_test" else self.status


class _Link(NamedTuple):
    seq: int
    item_id: str
    paise: int


def outcomes(items: Iterable[PublishedItem], said: Mapping[str, ReconResolution]) -> dict[str, Outcome]:
    """What has become of items; beside those of which something was said, those that they are linked to must be given.

    A resolution holds while the item is what the person saw and no evidence has posted it. A line and the item that it
    pays become one; the first links hold, as far as the item leaves something open.
    """
    by_id = {item.item_id: item for item in items}
    held = {id for id, item in by_id.items() if _is_held(item, said.get(id))}
    candidates: dict[str, list[_Link]] = defaultdict(list)
    for id in held:
        link = said[id]
        other = by_id.get(link.target_ref or "") if link.resolution == "link" else None
        if (
            other is not None
            and other.evidence_status != "posted"
            and other.item_id not in held
            and (by_id[id].kind == "line") != (other.kind == "line")
        ):
            candidates[other.item_id].append(_Link(link.settled_seq or 0, id, link.amount_paise or 0))
    linked: dict[str, list[_Link]] = {}
    for id, links in candidates.items():
        claimed = 0
        for one in sorted(links):
            claimed += one.paise
            if claimed <= by_id[id].stake_paise:
                linked.setdefault(id, []).append(one)
    within = {one.item_id for links in linked.values() for one in links}
    return {
        id: _outcome(item, said.get(id), id in held, id in within, linked.get(id, [])) for id, item in by_id.items()
    }


def _is_held(item: PublishedItem, said: ReconResolution | None) -> bool:
    return (
        said is not None
        and item.evidence_status != "posted"
        and said.is_in_force
        and said.item_hash == item.item_hash
        and (said.amount_paise or 0) <= item.stake_paise
    )


def _outcome(
    item: PublishedItem, said: ReconResolution | None, is_held: bool, is_within: bool, links: Sequence[_Link]
) -> Outcome:
    linked_paise = sum(one.paise for one in links)
    state: Said | None = None
    if said is not None and is_held and (said.resolution != "link" or is_within):
        state = "applied"
    elif links:
        state = "linked"
    elif said is not None and said.is_in_force:
        state = "superseded" if item.evidence_status == "posted" else "stale"
    elif said is not None:
        state = "chased" if (said.chased_seq or 0) > (said.settled_seq or 0) else "reopened"
    is_resolved = state == "applied" or (state == "linked" and linked_paise == item.stake_paise)
    status: Status = "resolved" if is_resolved else item.evidence_status
    open_paise = 0 if status in ("posted", "resolved") else item.stake_paise - linked_paise
    if state == "linked":
        seq, of = max(one.seq for one in links), max(one.item_id for one in links)
        return Outcome(status, open_paise, state, "link", of, linked_paise, seq)
    if said is None:
        return Outcome(status, open_paise)
    return Outcome(status, open_paise, state, said.resolution, said.target_ref, said.amount_paise, said.settled_seq)


def reconciliation_items(
    published: PublishedItems, reader: Reader, generation: int, today: date, wanted: ItemFilter
) -> list[ReconItem]:
    """The wanted items as they stand, by business date and id. `generation` is the live one of `reconciliation`."""
    said = {one.item_id: one for one in reader.select(ReconResolution, generation)}
    partners = {one.target_ref for one in said.values() if one.resolution == "link" and one.target_ref}
    concerned = published.by_id(reader.tenant_id, said.keys() | partners)
    found = outcomes(concerned, said)
    kept = [id for id, one in found.items() if wanted.status is None or one.hyper_status in wanted.status]
    ids = published.select(reader.tenant_id, wanted, list(found), kept)
    items = {item.item_id: item for item in published.by_id(reader.tenant_id, ids)}
    runs = _runs_of(reader, generation, ids)
    return [
        _shown(items[id], found.get(id) or _outcome(items[id], None, False, False, ()), runs.get(id), today)
        for id in ids
        if id in items  # the next build may have been published meanwhile
    ]


def _runs_of(reader: Reader, generation: int, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    rows = reader.select(ReconCarried, generation, f"item_id IN ({marks})", ids)
    return {row.item_id: row.carried_from_run for row in rows}


def _shown(item: PublishedItem, outcome: Outcome, run_id: str | None, today: date) -> ReconItem:
    return ReconItem(
        recon_item_id=item.item_id,
        leg=item.leg,
        kind=item.kind,
        class_=item.class_,
        hyper_status=outcome.hyper_status,
        left_ref=item.left_ref,
        right_ref=item.right_ref,
        branch_id=item.branch_id,
        gateway=item.gateway,
        business_date=item.business_date,
        due_on=item.due_on,
        left_paise=item.left_paise,
        right_paise=item.right_paise,
        matched_paise=item.matched_paise,
        variance_paise=item.variance_paise,
        fee_variance_paise=item.fee_variance_paise,
        open_paise=outcome.open_paise,
        age_days=(today - item.aged_from_on).days,
        carried_from_run=run_id,
        rule_missed=item.rule_missed,
        resolution_state=outcome.state,
        resolution=outcome.resolution,
        resolution_target=outcome.target,
        resolution_paise=outcome.paise,
        resolution_seq=outcome.seq,
        item_hash=item.item_hash,
    )
