"""What the log grants, and for which commands (C12, R-AUTH-2)."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.staff.state import State
from event_store.authorise import as_granted
from mymedic.messages import Actor

TOKEN = Actor(type="user", id="stf_1", roles=("DR", "FD", "CM"))


@pytest.mark.parametrize(
    ("who", "scope"),
    [
        ({"FD"}, ("brn_a",)),
        ({"CM"}, ("brn_b",)),
        ({"FD", "CM"}, ("brn_a", "brn_b")),
        ({"DR"}, "*"),  # a doctor reaches their own practice, wherever that is
    ],
)
def test_r_auth_2_a_role_lends_its_branches_to_its_own_commands_only(who: set[str], scope: Any) -> None:
    staff = State(exists=True, held={"FD": ("brn_a",), "CM": ("brn_b",), "AU": ("*",)})
    granted = as_granted(TOKEN, staff, frozenset(who))
    assert (granted.roles, granted.branch_scope) == (TOKEN.roles, scope)


def test_without_a_command_all_that_is_held_counts() -> None:
    staff = State(exists=True, held={"FD": ("brn_a",), "CM": ("brn_b",)})
    assert as_granted(TOKEN, staff).branch_scope == ("brn_a", "brn_b")
