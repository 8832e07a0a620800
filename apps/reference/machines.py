"""The page of lives: a diagram and a table for everything that has a status."""

from __future__ import annotations

from collections.abc import Iterable

from event_store.catalogue import AGGREGATES
from mymedic.lives import NOT_THERE, Machine


def machines_page() -> str:
    """One section per machine, in the order of the aggregates."""
    lines = [
        "# State machines",
        "",
        "What has a status, and which event takes it from which to which. The diagrams are drawn from `MACHINES`",
        "beside each aggregate's fold; a whole test run fails on a move that stands here and that no test makes, and",
        "on one that a test makes and that does not stand here. An event that leaves a status as it is stands here",
        "only where it belongs to the life. Statuses that time or other streams make (`arrived` of an appointment,",
        "`balanced` of an invoice, `expired` of advice, `closed` of an admission) are worked out when they are asked",
        "for: no event makes them.",
        "",
    ]
    for aggregate in AGGREGATES.values():
        for machine in aggregate.machines:
            lines += _section(machine, aggregate.name)
    return "\n".join(lines)


def _section(machine: Machine, aggregate: str) -> list[str]:
    within = f"Of the aggregate `{aggregate}`."
    diagram = ["```mermaid", "stateDiagram-v2", *(f"    {line}" for line in _diagram(machine)), "```"]
    return [f"## {machine.title}", "", within, "", *diagram, ""]


def _diagram(machine: Machine) -> Iterable[str]:
    """One arrow for each pair of statuses, with every event that makes the move."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for move in machine.moves:
        arrows.setdefault((move.before, move.after), []).append(move.event)
    named = dict.fromkeys(status for pair in arrows for status in pair if status != NOT_THERE)
    # a hyphen is no part of a state's own name in the language of the diagrams
    yield from (f'state "{status}" as {_name(status)}' for status in named if _name(status) != status)
    for (before, after), events in arrows.items():
        yield f"{_name(before)} --> {_name(after)}: {', '.join(events)}"
    before_others = {before for before, after in arrows if before != after}
    yield from (f"{_name(status)} --> [*]" for status in named if status not in before_others)


def _name(status: str) -> str:
    return "[*]" if status == NOT_THERE else status.replace("-", "_")
