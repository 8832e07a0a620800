"""Actions come in the order of time and name, whatever else is planned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from simulator.agenda import Agenda

AT = datetime(2026, 8, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_equal_instants_are_settled_by_name_not_by_order_of_planning() -> None:
    seen: list[str] = []
    agenda = Agenda()
    for name in ("c", "a", "b"):
        agenda.plan(AT, name, lambda name=name: seen.append(name))

    for _, action in agenda.until(AT + SECOND):
        action()

    assert seen == ["a", "b", "c"]


def test_what_is_planned_meanwhile_is_done_in_its_turn_and_later_things_wait() -> None:
    seen: list[str] = []
    agenda = Agenda()
    agenda.plan(AT, "first", lambda: agenda.plan(AT + SECOND, "second", lambda: seen.append("second")))
    agenda.plan(AT + 2 * SECOND, "third", lambda: seen.append("third"))

    for _, action in agenda.until(AT + 2 * SECOND):
        action()

    assert seen == ["second"]
    assert len(agenda) == 1
