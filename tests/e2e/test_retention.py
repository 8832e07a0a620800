"""What falls due for destruction, counted a second time: event by event, from the log, by the rules of the truth."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pytest

from event_store.feed import open_feed
from event_store.recorded import Recorded
from exports.warehouse import opened
from mymedic.clock import business_date
from mymedic.retention import of_age_by, retain_until
from tests.worlds import World

_ENDS = {"hospital": "PatientDischarged", "insurance": "ClaimClosed"}
Cell = tuple[str, date, str]


QUERY = (
    "SELECT retention_class, due_month, branch_id, events_n, subjects_n, oldest_retain_until, last_seq"
    " FROM mart_retention_due"
)


@pytest.fixture(scope="module")
def logs(tiny_world: World) -> dict[str, list[Recorded]]:
    with open_feed(tiny_world.settings) as feed:
        return {tenant_id: feed.read(tenant_id, limit=1_000_000) for tenant_id in tiny_world.report.tenants}


@pytest.mark.parametrize("point", ["midpoint", "end", "settled", "present"])
def test_the_mart_of_what_falls_due_equals_a_count_of_the_log(
    tiny_world: World, logs: dict[str, list[Recorded]], point: str
) -> None:
    """As of a moment nobody knows of a later visit, which will keep the whole record for longer."""
    for tenant_id, log in logs.items():
        known = [one for one in log if point == "present" or one.recorded_at <= tiny_world.as_of(point)]
        with opened(tiny_world.warehouse(tenant_id, point)) as connection:
            rows = connection.execute(QUERY).fetchall()
        assert {row[:3]: row[3:] for row in rows} == due(known), f"{tenant_id} at {point}"


def test_what_falls_due_moves_with_what_is_known(tiny_world: World, logs: dict[str, list[Recorded]]) -> None:
    """Or three moments would prove no more than one."""
    for tenant_id, log in logs.items():
        at = {point: tiny_world.as_of(point) for point in ("midpoint", "end", "settled")}
        counts = [due([one for one in log if one.recorded_at <= moment]) for moment in at.values()]
        assert counts[0] != counts[1] != counts[2], tenant_id


def due(events: list[Recorded]) -> dict[Cell, tuple[int, int, date, int]]:
    anchors = _Anchors(events)
    found: dict[Cell, list[tuple[date, Recorded]]] = defaultdict(list)
    for one in events:
        until, name = max((retain_until(name, anchors.of(one, name)), name) for name in type(one.event).retention)
        found[name, until.replace(day=1), one.branch_id or "-1"].append((until, one))
    return {
        cell: (
            len(kept),
            len({one.patient_id for _, one in kept if one.patient_id}),
            min(until for until, _ in kept),
            max(one.seq for _, one in kept),
        )
        for cell, kept in found.items()
    }


class _Anchors:
    """What each class of an event counts from (DOMAIN §9.1)."""

    def __init__(self, events: list[Recorded]) -> None:
        self._care: dict[str, list[Recorded]] = defaultdict(list)
        self._streams: dict[str, list[Recorded]] = defaultdict(list)
        self._born: dict[str, int] = {}
        for one in events:
            classes = type(one.event).retention
            if one.patient_id and "medico_legal" in classes:
                self._care[one.patient_id].append(one)
            if {"hospital", "insurance"} & set(classes):
                self._streams[one.stream_id].append(one)
            if one.patient_id and getattr(one.event, "birth_year", None):
                self._born[one.patient_id] = one.event.birth_year

    def of(self, one: Recorded, name: str) -> date:
        if name == "medico_legal" and one.patient_id:
            care = self._care[one.patient_id]
            seen = [other for other in care if other.event_type in ("EncounterStarted", "EncounterFinished")]
            last = max(_on(other) for other in seen or care)
            born = self._born.get(one.patient_id)
            return max(last, of_age_by(born)) if born else last
        if name in _ENDS:
            life = self._streams[one.stream_id]
            ends = [other for other in life if other.event_type == _ENDS[name]]
            again = [other.seq for other in life if other.event_type == "DischargeCancelled"]
            if ends and max(other.seq for other in ends) > max(again, default=0):
                return max(_on(other) for other in ends)
            return max(_on(other) for other in life)
        return _on(one)


def _on(one: Recorded) -> date:
    return business_date(one.occurred_at)
