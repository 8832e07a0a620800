"""What a doctor's phone asks: its days, and what has changed in them since it was last in the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from event_store.api.identity import Bearer
from mymedic.errors import Refused
from projections import doctor_schedule
from projections.api import console
from projections.api.cursor import fingerprint, packed, unpacked
from projections.api.query import STAFF, Computed, Order, Query, Where, compared, days, ids
from projections.api.reading import add_names, asked_for, beyond, position, select, shown
from projections.api.views import Views, standing

SURFACE = "doctor's phone"
_ETAG = Computed("etag", str, lambda row, now: doctor_schedule.etag_of(row))
_FILTERS = (*ids("practitioner_id", "branch_id"), *days("business_date"))


def changes_cursor(filters: Mapping[str, Any], generation: int, seq: int) -> str:
    """From where on changes are to be asked for by whoever has seen everything up to a seq."""
    return packed(_asked(filters), [generation, seq])


def _asked(filters: Mapping[str, Any]) -> str:
    """Days may be asked for anew: they only leave out. Whose days they are is what the copy is of."""
    whose = {name: sorted(value) for name, value in filters.items() if name in ("practitioner_id", "branch_id")}
    return fingerprint("changes", whose)


SCHEDULE = Query(
    path="/v1/phone/schedule",
    name="ReadSchedule",
    surface=SURFACE,
    title="A doctor's days",
    about=(
        "Every token of the slots between two days: free, blocked, or with the appointment in it. A doctor gets their"
        " own days; anybody else names the `practitioner_id`. Keep the `changes_cursor` of the first page, and ask"
        " for the changes from there on. With `If-None-Match`, 304 while nothing has changed."
    ),
    projection=doctor_schedule.PROJECTION,
    readers=STAFF | {"DR"},
    filters=_FILTERS,
    computed=(_ETAG,),
    always=lambda now: compared(doctor_schedule.DoctorSchedule, "deleted", "=", False),
    follow=changes_cursor,
)
# The same rows with those that are gone: whoever keeps a copy has to hear of them.
CHANGES = Query(
    path="/v1/phone/schedule/changes",
    name="ListScheduleChanges",
    surface=SURFACE,
    title="What has changed in a doctor's days",
    about=(
        "The tokens that changed since a `changes_cursor`, each as it is now, in the order in which they changed last."
        " `deleted` ones are gone from the day. Go on from the answer's own `changes_cursor`, at once while `has_more`."
        " With `is_reset` the view has been made anew: throw the copy away and take what follows for the whole."
    ),
    projection=doctor_schedule.PROJECTION,
    readers=SCHEDULE.readers,
    filters=_FILTERS,
    computed=(_ETAG,),
)


FOLLOW_UPS = replace(
    console.FOLLOW_UPS,
    path="/v1/phone/follow-ups",
    name="ListOwnFollowUps",
    surface=SURFACE,
    title="A doctor's follow-ups",
    about="Whom the doctor has asked to come again, the longest overdue first; over ones only when asked for.",
    readers=frozenset({"DR"}),
)
QUERIES: tuple[Query, ...] = (SCHEDULE, FOLLOW_UPS)


class Changes(NamedTuple):
    """Rows that changed after a cursor, and the cursor after them."""

    items: list[dict[str, Any]]
    changes_cursor: str
    has_more: bool
    is_reset: bool
    as_of_seq: int


_ORDER = Order(("last_seq",))
_COLUMNS = ("last_seq", *CHANGES.row.key)
_STAMP = ("generation", "seq")


def read_changes(
    views: Views,
    bearer: Bearer,
    filters: Mapping[str, Any],
    since: str,
    limit: int,
    with_names: bool = False,
    justification: str | None = None,
) -> Changes:
    """What changed after a cursor; VALIDATION_FAILED for one of other doctors or branches."""
    asked = _asked(filters)
    with views.truth(bearer.tenant_id) as (view, now):
        conditions = asked_for(CHANGES, view, now, bearer, filters)
    known, after = _since(since, asked)
    with views.database.read(bearer.tenant_id) as reader:
        generation, seq = standing(reader, CHANGES.projection)
        is_reset = generation != known
        if is_reset:
            conditions.append(compared(CHANGES.row, "deleted", "=", False))
        else:
            conditions.append(after)
        rows = select(reader, CHANGES.row, generation, conditions, _COLUMNS, _ORDER, limit + 1)
    page, has_more = rows[:limit], len(rows) > limit
    items = [shown(CHANGES, row, now) for row in page]
    if with_names:
        add_names(views, bearer, items, justification)
    cursor = (
        packed(asked, [generation, *position(page[-1], _COLUMNS)])
        if has_more
        else changes_cursor(filters, generation, seq)
    )
    return Changes(items, cursor, has_more, is_reset, seq)


def _since(text: str, asked: str) -> tuple[int, Where]:
    """(generation, condition): behind a seq, or in the middle of what follows one, where a page ended."""
    try:
        generation, seq = unpacked(text, asked, _STAMP, CHANGES.row, "since")
    except Refused:
        generation, *values = unpacked(text, asked, ("generation", *_COLUMNS), CHANGES.row, "since")
        return generation, beyond(CHANGES.row, _COLUMNS, values, _ORDER)
    return generation, compared(CHANGES.row, "last_seq", ">", seq)
