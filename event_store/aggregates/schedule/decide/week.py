"""Weekly sessions: whether they can be held, and the slots into which they are cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import NamedTuple

from event_store.aggregates.schedule.events import Mode, SlotTimes, WeeklyHours
from mymedic.deciding import Context, check


class Cut(NamedTuple):
    """A slot to be, before it has an id."""

    start_at: datetime
    end_at: datetime
    capacity: int
    mode: Mode

    def slot(self, slot_id: str) -> SlotTimes:
        return SlotTimes(
            slot_id=slot_id, start_at=self.start_at, end_at=self.end_at, capacity=self.capacity, mode=self.mode
        )


def check_place(context: Context, practitioner_id: str, branch_id: str, first: date, last: date) -> None:
    """The practitioner works at the branch when it begins; the branch is in business from first to last."""
    practitioner = context.require("practitioner", practitioner_id)
    check(
        practitioner.active_on(first) and practitioner.works_at(branch_id, first),
        "PRACTITIONER_INACTIVE",
        "the practitioner does not work at the branch when the schedule begins",
        practitioner_id=practitioner_id,
    )
    branch = context.require("branch", branch_id)
    check(
        branch.is_open_on(first) and branch.is_open_on(last),
        "BRANCH_CLOSED",
        "the branch is not in business on all days of the schedule",
        branch_id=branch_id,
    )


def check_weekly(context: Context, weekly: Sequence[WeeklyHours], branch_id: str, first: date, last: date) -> None:
    """Sessions end after they start, lie in the branch's hours as they are known, and do not overlap."""
    known_hours = context.require("branch", branch_id).hours_between(first, last)
    sessions = sorted((hours.dow, hours.start, hours.end) for hours in weekly)
    for dow, start, end in sessions:
        check(start < end, "VALIDATION_FAILED", "a session ends after it starts", field="weekly", dow=dow)
        check(
            all(
                any(span.dow == dow and span.start <= start and end <= span.end for span in hours)
                for hours in known_hours
            ),
            "BRANCH_CLOSED",
            f"the branch is not open from {start} to {end} on weekday {dow}",
            dow=dow,
        )
    for one, two in pairwise(sessions):
        check(
            one[0] != two[0] or one[2] <= two[1],
            "SLOT_OVERLAP",
            f"two sessions of weekday {two[0]} overlap",
            dow=two[0],
        )


def cut_days(weekly: Sequence[WeeklyHours], first: date, last: date, tz: timezone) -> Iterator[tuple[date, list[Cut]]]:
    """The business dates from first to last that have a session, each with its slots by start."""
    sessions: dict[int, list[WeeklyHours]] = {}
    for hours in sorted(weekly, key=lambda hours: hours.start):
        sessions.setdefault(hours.dow, []).append(hours)
    for offset in range((last - first).days + 1):
        on = first + timedelta(days=offset)
        midnight = datetime.combine(on, time.min, tz).astimezone(UTC)
        cuts = [cut for hours in sessions.get(on.isoweekday(), ()) for cut in _cut(hours, midnight)]
        if cuts:
            yield on, cuts


def _cut(hours: WeeklyHours, midnight: datetime) -> Iterator[Cut]:
    length = timedelta(minutes=hours.slot_minutes)
    start, end = midnight + _since_midnight(hours.start), midnight + _since_midnight(hours.end)
    while start + length <= end:
        yield Cut(start, start + length, hours.capacity, hours.mode)
        start += length


def _since_midnight(text: str) -> timedelta:
    return timedelta(hours=int(text[:2]), minutes=int(text[3:]))
