"""Bookings by exact count, not by chance: what a price change did to them is known to the last one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from simulator.calendar import DAY
from simulator.cast import Branch, Slot
from simulator.demand import Wish
from simulator.profile import CohortRow
from simulator.stage import House

# A patient walks in so long before the slot that is free for them.
EARLY = timedelta(minutes=5)


def cohort_wishes(house: House) -> Iterator[Wish]:
    """The wishes of a tenant's cohorts; each finds the slot that it prefers, because nobody else may have it."""
    for number, row in enumerate(house.stage.profile.cohort):
        if row.tenant == house.tenant.id:
            yield from _wishes(house, number, row)


def _wishes(house: House, number: int, row: CohortRow) -> Iterator[Wish]:
    places = list(_places(house, row))
    specialty = next(one for one in house.stage.profile.specialty if one.id == row.specialty)
    for index, (branch, slots) in enumerate(places):
        count = row.bookings * (index + 1) // len(places) - row.bookings * index // len(places)
        for turn in range(count):
            slot = slots[turn * len(slots) // count]
            name = f"cohort/{number}/{branch.key}/{slot.start_at:%Y-%m-%d}/{turn}"
            yield Wish(name, branch, specialty, slot.start_at, slot.start_at - EARLY, "walk_in", 0)


def _places(house: House, row: CohortRow) -> Iterator[tuple[Branch, list[Slot]]]:
    """Open days of the stretch, branch by branch, with their slots in order."""
    first = house.stage.first_day + (row.from_day - 1) * DAY
    for on in (first + day * DAY for day in range(row.days)):
        for branch in (house.tenant.branches[key] for key in row.branches):
            slots = [
                slot
                for sitting in branch.sittings
                if sitting.practitioner.specialty.id == row.specialty
                for slot in sitting.slots.get(on, ())
            ]
            if slots:
                yield branch, sorted(slots, key=lambda slot: (slot.start_at, slot.id))
