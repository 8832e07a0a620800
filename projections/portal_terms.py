"""P1: what a visit costs and which deposit the portal asks for, for each time at which it is booked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any, ClassVar, NamedTuple

from event_store.aggregates.appointment.decide.placing import mode_of
from event_store.aggregates.appointment.events import VisitType
from event_store.aggregates.branch.events import BranchRegistered, BranchUpdated
from event_store.aggregates.policy.events import PolicyPublished, PolicyRetired
from event_store.aggregates.price.events import PriceRetired, PriceSet
from event_store.aggregates.schedule.events import SchedulePublished
from event_store.recorded import Recorded
from mymedic import policies
from mymedic.clock import EPOCH
from mymedic.policies import DepositBody
from projections.projection import Projection, folds
from projections.row import Row
from projections.view import View

VISIT_TYPES: tuple[VisitType, ...] = ("new", "follow_up", "procedure", "tele")
PORTAL = "portal"
# A schedule's terms begin where time does, so that there is always a row to find.
EVER = EPOCH


class PortalTerms(Row, frozen=True, kw_only=True):
    """One row per service and visit type of a schedule and moment of booking from which the terms are these.

    They hold until the next row's `from_at`. `price_paise` None: nothing is in force, so it cannot be booked. The
    deposit is that of a patient without no-shows.
    """

    table: ClassVar = "proj_portal_terms"
    key: ClassVar = ("schedule_id", "service_id", "visit_type", "from_at")
    lookups: ClassVar = ("schedule_id", "service_id", "branch_id", "visit_type")

    schedule_id: str
    service_id: str
    visit_type: str
    from_at: datetime
    branch_id: str
    practitioner_id: str
    price_paise: int | None
    deposit_paise: int | None


class Offer(NamedTuple):
    """What the portal shows of a slot's price; both None when no price is in force."""

    from_price_paise: int | None
    deposit_required_paise: int | None


def offer(terms: Iterable[PortalTerms], slot_mode: str, now: datetime, service_ids: Sequence[str] = ()) -> Offer:
    """The cheapest way to book a slot of this mode now; `service_ids` empty: any service of the schedule."""
    latest: dict[tuple[str, str], PortalTerms] = {}
    for one in terms:
        fits = slot_mode in ("both", mode_of(one.visit_type)) and (not service_ids or one.service_id in service_ids)
        before = latest.get((one.service_id, one.visit_type))
        if fits and one.from_at <= now and (before is None or before.from_at < one.from_at):
            latest[one.service_id, one.visit_type] = one
    found = [(one.price_paise, one.deposit_paise) for one in latest.values() if one.price_paise is not None]
    return Offer(*min(found)) if found else Offer(None, None)


def _on_published(event: Recorded, happened: SchedulePublished, view: View) -> None:
    schedule_id = event.stream_id.removeprefix("schedule-")
    for service_id in happened.service_ids:
        for visit_type in VISIT_TYPES:
            _write(view, schedule_id, service_id, visit_type)


def _on_price(event: Recorded, happened: Any, view: View) -> None:
    _write_again(view, view.where(PortalTerms, "service_id", event.stream_id.removeprefix("price-")))


def _on_policy(event: Recorded, happened: Any, view: View) -> None:
    policy = view.state("policy", event.stream_id.removeprefix("policy-"))
    if policy.kind != "deposit":
        return
    if policy.branch_id:
        _write_again(view, view.where(PortalTerms, "branch_id", policy.branch_id))
        return
    for visit_type in VISIT_TYPES:
        _write_again(view, view.where(PortalTerms, "visit_type", visit_type))


def _on_branch(event: Recorded, happened: Any, view: View) -> None:
    _write_again(view, view.where(PortalTerms, "branch_id", event.stream_id.removeprefix("branch-")))


def _write_again(view: View, rows: Iterable[PortalTerms]) -> None:
    for schedule_id, service_id, visit_type in dict.fromkeys(
        (row.schedule_id, row.service_id, row.visit_type) for row in rows
    ):
        _write(view, schedule_id, service_id, visit_type)


def _write(view: View, schedule_id: str, service_id: str, visit_type: str) -> None:
    """Every stretch of booking time with its price and deposit; those that are no more are deleted."""
    schedule = view.state("schedule", schedule_id)
    branch_id, practitioner_id = schedule.branch_id, schedule.practitioner_id
    old = [
        row
        for row in view.where(PortalTerms, "schedule_id", schedule_id)
        if (row.service_id, row.visit_type) == (service_id, visit_type)
    ]
    kept = set()
    last: tuple[int | None, int | None] | None = None
    for at in _edges(view, branch_id, service_id):
        terms = _terms(view, branch_id, practitioner_id, service_id, visit_type, at)
        if terms == last:
            continue
        last = terms
        kept.add(at)
        view.put(
            PortalTerms(
                tenant_id=view.tenant_id,
                schedule_id=schedule_id,
                service_id=service_id,
                visit_type=visit_type,
                from_at=at,
                branch_id=branch_id,
                practitioner_id=practitioner_id,
                price_paise=terms[0],
                deposit_paise=terms[1],
            )
        )
    for row in old:
        if row.from_at not in kept:
            view.delete(PortalTerms, schedule_id, service_id, visit_type, row.from_at)


def _edges(view: View, branch_id: str, service_id: str) -> list[datetime]:
    """The instants from which something else may hold."""
    branch = view.state("branch", branch_id)
    moves = [change.effective_on for change in branch.changes if change.city_id is not None]
    edges = {EVER, *(datetime.combine(on, time(), view.tz).astimezone(UTC) for on in moves)}
    versions = list(view.state("price", service_id).versions.values())
    for version_id in _deposit_policies(branch, branch_id):
        versions += view.state("policy", version_id).versions()
    for version in versions:
        edges |= {at for at in (version.effective_from, version.effective_to) if at is not None}
    return sorted(edges)


def _deposit_policies(branch: Any, branch_id: str) -> list[str]:
    cities = [change.city_id for change in (branch.registered, *branch.changes) if change and change.city_id]
    return [
        policies.policy_id("deposit"),
        policies.policy_id("deposit", branch_id=branch_id),
        *(policies.policy_id("deposit", city_id=city_id) for city_id in dict.fromkeys(cities)),
    ]


def _terms(
    view: View, branch_id: str, practitioner_id: str, service_id: str, visit_type: str, at: datetime
) -> tuple[int | None, int | None]:
    """(price, deposit) of a booking at an instant, as the booking itself would be decided."""
    branch = view.state("branch", branch_id)
    city_id = branch.city_on(view.day(at)) if branch.exists else None
    price = view.state("price", service_id).resolve(
        at, branch_id=branch_id, city_id=city_id, practitioner_id=practitioner_id, visit_type=visit_type
    )
    if price is None:
        return None, None
    body = policies.in_force(view, "deposit", at, branch_id=branch_id, city_id=city_id).body
    assert isinstance(body, DepositBody)
    return price.amount_paise, policies.required_deposit(body, price.amount_paise, PORTAL, prior_noshows=0)


PROJECTION = Projection(
    name="portal_terms",
    version=1,
    rows=(PortalTerms,),
    looks_at=frozenset({"tenant", "branch", "schedule", "price", "policy"}),
    folds={SchedulePublished: _on_published}
    | folds(_on_price, PriceSet, PriceRetired)
    | folds(_on_policy, PolicyPublished, PolicyRetired)
    | folds(_on_branch, BranchRegistered, BranchUpdated),
)
