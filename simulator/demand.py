"""Who would like to be seen: one wish per would-be visit, made before anything is known of free slots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from simulator.calendar import DAY, IST, SUNDAY, local
from simulator.cast import Branch, Sitting
from simulator.draws import Dice, Table
from simulator.profile import SpecialtyRow
from simulator.stage import House

# Nobody phones before eight or after half past nine at night.
FIRST_CALL, LAST_CALL = 8 * 60, 21 * 60 + 30


@dataclass(slots=True, eq=False)
class Wish:
    """A visit wanted: at which branch, for what, about when, and when it is asked for."""

    name: str
    branch: Branch
    specialty: SpecialtyRow
    preferred_at: datetime
    asked_at: datetime
    channel: str
    lead_days: int


class Demand:
    """The wishes of a tenant's patients, by branch and day."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._profile = house.stage.profile
        self._lead = house.stage.profile.booking.planned_lead()
        self._hours = {hour: weight for hour, weight in self._profile.demand.hour.rows}

    def wishes(self) -> Iterator[Wish]:
        for branch in self._house.tenant.branches.values():
            tables: dict[int, Table | None] = {}
            for day in range(self._profile.days):
                on = self._profile.start_on + timedelta(days=day)
                weekday = on.isoweekday()
                if weekday not in tables:
                    tables[weekday] = self._times(branch, on)
                table = tables[weekday]
                if table is not None:
                    yield from self._of_day(branch, on, day, table)

    def _of_day(self, branch: Branch, on: date, day: int, table: Table) -> Iterator[Wish]:
        draws, tenant_id = self._house.stage.draws, self._house.tenant.id
        expected = branch.row.daily * self.factor(on)
        count = draws.of("demand", tenant_id, branch.key, on).rounded(expected)
        for number in range(count):
            name = f"{branch.key}/{on}/{number}"
            dice = draws.of("wish", tenant_id, name)
            specialty, minute = dice.pick(table)
            while self._is_unseasonal(specialty, on, dice):
                specialty, minute = dice.pick(table)
            yield self._wish(name, branch, specialty, on, day, minute, dice)

    def _wish(
        self, name: str, branch: Branch, specialty: SpecialtyRow, on: date, day: int, minute: int, dice: Dice
    ) -> Wish:
        booking = self._profile.booking
        preferred_at = local(on, "00:00", timedelta(minutes=minute))
        channel = dice.pick(booking.channel)
        lead = min(dice.within(self._lead), day)
        if channel == "walk_in":
            lead = 0
            asked_at = preferred_at - timedelta(seconds=dice.between(60, 1500))
        elif lead == 0:
            room = max(1, minute - 40 - FIRST_CALL)
            asked_at = local(on, "00:00", timedelta(minutes=FIRST_CALL, seconds=dice.between(0, room * 60)))
        else:
            at = timedelta(seconds=dice.between(FIRST_CALL * 60, LAST_CALL * 60))
            asked_at = local(on - lead * DAY, "00:00", at)
        return Wish(name, branch, specialty, preferred_at, asked_at, channel, lead)

    def factor(self, on: date) -> float:
        """How busy a day is against an ordinary one."""
        demand = self._profile.demand
        factor = demand.day_of_week[on.isoweekday() - 1]
        factor *= (1 + demand.growth_per_week) ** ((on - self._profile.start_on).days // 7)
        for festival in self._profile.calendar.festival:
            if festival.from_ <= on < festival.from_ + festival.days * DAY:
                factor *= festival.factor
        return factor

    def _is_unseasonal(self, specialty: SpecialtyRow, on: date, dice: Dice) -> bool:
        """In the monsoon some wishes for other specialties give way to those it brings."""
        monsoon = self._profile.demand.monsoon
        if on.month not in monsoon.months or specialty.id in monsoon.specialties:
            return False
        return dice.chance(1 - 1 / monsoon.factor)

    def _times(self, branch: Branch, on: date) -> Table | None:
        """(specialty, minute of the day) of every slot on such a weekday, weighted by mix and hour."""
        rows = []
        by_specialty: dict[str, list[tuple[Sitting, int]]] = {}
        for sitting in branch.sittings:
            days, start, end = self._profile.sessions[sitting.sessions]
            if on.isoweekday() in days:
                step = sitting.practitioner.specialty.slot_minutes
                for minute in range(_minutes(start), _minutes(end) - step + 1, step):
                    by_specialty.setdefault(sitting.practitioner.specialty.id, []).append((sitting, minute))
        for slots in by_specialty.values():
            specialty = slots[0][0].practitioner.specialty
            weights = [self._hours.get(minute // 60, 1) for _, minute in slots]
            for (_, minute), weight in zip(slots, weights, strict=True):
                rows.append(((specialty, minute), specialty.mix * weight / sum(weights)))
        return Table(rows) if rows else None


def is_saturday_evening(at: datetime) -> bool:
    wall = at.astimezone(IST)
    return wall.isoweekday() == SUNDAY - 1 and wall.hour >= 17


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
