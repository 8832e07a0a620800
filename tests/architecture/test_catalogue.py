"""What can be asked and what can have happened, held against the domain's own list, number by number."""

from __future__ import annotations

import re

import pytest

from event_store.catalogue import COMMANDS, EVENTS
from tests.architecture import domain


@pytest.mark.parametrize(("numbers", "letter", "last"), [(domain.COMMANDS, "C", 127), (domain.EVENTS, "E", 142)])
def test_the_list_has_every_number(numbers: dict[str, str], letter: str, last: int) -> None:
    assert sorted(set(numbers.values())) == sorted(f"{letter}{number:02d}" for number in range(1, last + 1))


def test_the_catalogue_is_whole_and_invents_nothing() -> None:
    assert set(COMMANDS) == set(domain.COMMANDS) | domain.OWN_COMMANDS
    assert set(EVENTS) == set(domain.EVENTS) | domain.OWN_EVENTS


def test_every_command_says_its_number() -> None:
    wrong = {
        name: domain.COMMANDS[name]
        for name, command in COMMANDS.items()
        if name in domain.COMMANDS
        and not re.match(rf"{domain.COMMANDS[name]}\b", str(command.__dict__.get("__doc__") or ""))
    }
    assert not wrong
