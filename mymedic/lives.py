"""The life of a thing as data: which event takes it from which status to which.

A whole test run proves a machine both ways: it fails on a move that is not written down and on one that no test makes.
The reference draws the diagrams from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

NOT_THERE = "-"


class Move(NamedTuple):
    """`before` is NOT_THERE for the first event of a life, `after` for one that takes the thing away."""

    before: str
    event: str
    after: str


@dataclass(frozen=True, slots=True)
class Machine:
    """`statuses` gives, of a state, the status of each thing whose life this is: the stream itself, or parts of it."""

    title: str
    moves: tuple[Move, ...]
    statuses: Callable[[Any], Mapping[str, str]]

    @property
    def staying(self) -> frozenset[str]:
        """Events that leave the status as it is and are part of the life all the same, such as a new time."""
        return frozenset(move.event for move in self.moves if move.before == move.after)


def of_stream(state: Any) -> Mapping[str, str]:
    return {"": state.status} if state.exists else {}


def machine(title: str, table: str, statuses: Callable[[Any], Mapping[str, str]] = of_stream) -> Machine:
    """From lines of the form `Event: before before > after`; `same` for what stays in whatever status it was."""
    moves = []
    for line in table.strip().splitlines():
        event, _, statuses_of_it = line.strip().partition(": ")
        before, _, after = statuses_of_it.partition(" > ")
        moves += [Move(one, event, one if after == "same" else after) for one in before.split()]
    return Machine(title, tuple(moves), statuses)


def moves_between(machine: Machine, before: Mapping[str, str], event: str, after: Mapping[str, str]) -> list[Move]:
    """The moves of this machine that one event made."""
    moves = [Move(before.get(id, NOT_THERE), event, after.get(id, NOT_THERE)) for id in {**before, **after}]
    return [move for move in moves if move.before != move.after or (event in machine.staying and "" in after)]
