"""Visits that somebody else has asked for are booked at the reception like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

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

    def for_advice(self, advice: Advice, branch: Branch, days: Iterable[date], by_portal: bool) -> Visit | None:
        """On the first of the days on which somebody in that branch is free; None when nobody is."""
        tenant = self._reception().tenant
        price = tenant.price(advice.service, branch.city, "procedure")
        for on in days:
            wish = self._wish(f"advice/{advice.id}", branch, advice, on, by_portal)
            visit = self._reception().appoint(
                wish, advice.person, advice.service, "procedure", lambda slot: price, lambda slot: True
            )
            if visit is not None:
                visit.advice = advice
                return visit
        return None

    def for_follow_up(self, followup: FollowUp, days: Iterable[date], by_portal: bool) -> Visit | None:
        """On the first of the days on which whom the patient may see is free; None when nobody is."""
        seen = followup.visit
        tenant = self._reception().tenant
        service = tenant.consultation[seen.practitioner.specialty.id]
        price = tenant.price(service, seen.branch.city, "follow_up")

        def suits(slot: Slot) -> bool:
            return not followup.same_practitioner or slot.sitting.practitioner is seen.practitioner

        def price_of(slot: Slot) -> int:
            return 0 if _is_free(followup, slot) else price

        for on in days:
            wish = self._wish(f"followup/{followup.id}", seen.branch, seen.practitioner, on, by_portal)
            visit = self._reception().appoint(wish, seen.person, service, "follow_up", price_of, suits, followup)
            if visit is not None:
                return visit
        return None

    def _wish(self, name: str, branch: Branch, of, on: date, by_portal: bool) -> Wish:
        dice = self._draws.of("care hour", name)
        preferred_at = local(on, f"{dice.one_of((10, 11, 18, 19)):02d}:30")
        now = self._reception().now
        channel = "portal" if by_portal else "follow_up"
        return Wish(name, branch, of.specialty, preferred_at, now, channel, (on - day_of(now)).days)


def around(on: date, first: date, last: date) -> list[date]:
    """The day that suits best, then those after it, then those before it."""
    after = [on + timedelta(days=n) for n in range((last - on).days + 1)]
    return after + [on - timedelta(days=n) for n in range(1, (on - first).days + 1)]


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
