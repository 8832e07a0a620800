"""Visits that somebody else has asked for are booked at the reception like any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from simulator.books.care import Advice, FollowUp
from simulator.books.records import Visit
from simulator.calendar import day_of, local
from simulator.cast import Branch, Slot
from simulator.demand import Wish
from simulator.draws import Draws
from simulator.reception import Reception

GONE = ("cancelled", "noshow", "hold_expired", "error")


class Appointments:
    """Turns advice and follow-ups into wishes of patients who know what they want."""

    def __init__(self, draws: Draws, reception: Callable[[], Reception]) -> None:
        self._draws = draws
        self._reception = reception

    def for_advice(self, advice: Advice, branch: Branch, on: date, by_portal: bool) -> Visit | None:
        """None when nobody in that branch is free then."""
        wish = self._wish(f"advice/{advice.id}", branch, advice, on, by_portal)
        tenant = self._reception().tenant
        price = tenant.price(advice.service, branch.city, "procedure")
        visit = self._reception().appoint(
            wish, advice.person, advice.service, "procedure", lambda slot: price, lambda slot: True
        )
        if visit is not None:
            visit.advice = advice
        return visit

    def for_follow_up(self, followup: FollowUp, on: date, by_portal: bool) -> Visit | None:
        seen = followup.visit
        wish = self._wish(f"followup/{followup.id}", seen.branch, seen.practitioner, on, by_portal)
        tenant = self._reception().tenant
        service = tenant.consultation[seen.practitioner.specialty.id]
        price = tenant.price(service, seen.branch.city, "follow_up")

        def suits(slot: Slot) -> bool:
            return not followup.same_practitioner or slot.sitting.practitioner is seen.practitioner

        def price_of(slot: Slot) -> int:
            return 0 if _is_free(followup, slot) else price

        return self._reception().appoint(wish, seen.person, service, "follow_up", price_of, suits, followup)

    def _wish(self, name: str, branch: Branch, of, on: date, by_portal: bool) -> Wish:
        dice = self._draws.of("care hour", name)
        preferred_at = local(on, f"{dice.one_of((10, 11, 18, 19)):02d}:30")
        now = self._reception().now
        channel = "portal" if by_portal else "follow_up"
        return Wish(name, branch, of.specialty, preferred_at, now, channel, (on - day_of(now)).days)


def _is_free(followup: FollowUp, slot: Slot) -> bool:
    """What was promised: one visit at the same practitioner until the last free day."""
    seen, on = followup.visit, day_of(slot.start_at)
    if followup.free_until is None or slot.sitting.practitioner is not seen.practitioner:
        return False
    assert seen.started_at is not None
    since = day_of(seen.started_at)
    used = [
        visit
        for visit in seen.person.visits
        if visit.practitioner is seen.practitioner
        and visit.is_free
        and visit.status not in GONE
        and day_of(visit.start_at) >= since
    ]
    return since <= on <= followup.free_until and not used
