"""Role x command x scope over the whole catalogue: who may ask at all, and how far they reach (R-AUTH-2, R-AUTH-3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest

from event_store.authorise import MASTER_DATA, REACH, authorise_role, authorise_target
from event_store.catalogue import AGGREGATES, COMMANDS, owner_of
from event_store.touched import branches_named, records_touched
from mymedic.errors import Refused
from mymedic.messages import Actor, Command, Envelope, Role
from tests.unit.event_store.access.who import WHO

ROLES: tuple[Role, ...] = get_args(Role)
NOW = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)
# Names nobody when it is sent; its own decision limits it to what is the asker's.
LIMITED_BY_ITS_DECISION = {"RequestExport"}


class Filled:
    """A world in which every id is known, and every record is of one branch, one doctor and one patient."""

    cosigner = None
    id = "the_target"

    def __init__(self, actor: Actor, whose: str) -> None:
        self.actor = actor
        self._whose = whose

    def state(self, aggregate: str, id: str) -> Any:
        state = AGGREGATES[aggregate].fresh(id)
        if aggregate == "patient":
            state.patient_id = id
        state.exists = True
        if aggregate != "encounter" and hasattr(state, "encounter_id"):
            state.encounter_id = "enc_any"
        for name, value in self.names().items():
            if hasattr(state, name) and not (aggregate == "patient" and name == "patient_id"):
                setattr(state, name, value)
        return state

    def names(self) -> dict[str, str]:
        whose = self._whose
        return {"branch_id": f"brn_{whose}", "practitioner_id": f"prac_{whose}", "patient_id": f"pat_{whose}"}

    def related(self, aggregate: str, kind: str, value: str) -> Sequence[Any]:
        return []

    def holder(self, kind: str, value: str) -> str | None:
        return "sch_any" if kind == "slot" else None


def an_actor(role: Role) -> Actor:
    """One who has the branch, the practice and the patient called `own`."""
    limited = REACH[role] == "branches"
    return Actor(
        type="user",
        id="stf_1",
        roles=(role,),
        branch_scope=("brn_own",) if limited else "*",
        practitioner_id="prac_own" if role == "DR" else None,
        patient_id="pat_own" if role == "PP" else None,
    )


def a_command(command: type[Command], names: dict[str, str]) -> Command:
    """Every id is filled in; what else it says plays no part in who may say it."""
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(command):
        if field.name in names:
            fields[field.name] = names[field.name]
        elif field.name.endswith("_ids"):
            fields[field.name] = ("some_id",)
        else:
            fields[field.name] = "some_id" if field.name.endswith("_id") else None
    return command(**fields)


def outcome(command: type[Command], role: Role, whose: str) -> str | None:
    """The code with which such a command is refused, or None."""
    actor = an_actor(role)
    world: Any = Filled(actor, whose)
    sent = a_command(command, world.names())
    aggregate, decision = owner_of(command)
    world.id = world.names().get(f"{aggregate.name}_id", world.id)
    state = AGGREGATES[aggregate.name].fresh(world.id) if decision.creates else world.state(aggregate.name, world.id)
    try:
        authorise_role(Envelope(command=sent, command_id="cmd_1", tenant_id="ten_1", actor=actor, issued_at=NOW))
        authorise_target(sent, world, aggregate, decision, state)
    except Refused as refusal:
        return refusal.code
    return None


def refusal_of_others(command: type[Command], role: Role) -> str | None:
    """The code that the rules ask for when everything is another's."""
    aggregate, decision = owner_of(command)
    world: Any = Filled(an_actor(role), "other")
    sent = a_command(command, world.names())
    state = AGGREGATES[aggregate.name].fresh("x") if decision.creates else world.state(aggregate.name, "x")
    if REACH[role] == "tenant" or command.__name__ in LIMITED_BY_ITS_DECISION:
        return None
    if REACH[role] == "own patient":
        return "FORBIDDEN" if command.__name__ == "RegisterPatient" else "NOT_FOUND"
    if REACH[role] == "own practice":
        return "FORBIDDEN"
    records = records_touched(sent, world, aggregate, decision, state)
    has_branch = any(hasattr(record.state, "branch_id") for record in records) or any(branches_named(sent, world))
    return "FORBIDDEN_BRANCH" if has_branch or aggregate.name in MASTER_DATA else None


@pytest.mark.parametrize("role", ROLES)
def test_every_command_by_every_role_on_own_and_on_others(role: Role) -> None:
    """R-AUTH-2, R-AUTH-3: what is one's own is reached, what is another's is not."""
    wrong = []
    for name, command in COMMANDS.items():
        may = role in command.who
        expected = (
            {"own": None, "other": refusal_of_others(command, role)}
            if may
            else dict.fromkeys(("own", "other"), "FORBIDDEN")
        )
        wrong += [
            f"{name} by {role} on {whose}: {code}, not {expected[whose]}"
            for whose in ("own", "other")
            if (code := outcome(command, role, whose)) != expected[whose] and not _is_new_master_data(command, code)
        ]
    assert not wrong


def _is_new_master_data(command: type[Command], code: str | None) -> bool:
    """What holds for the whole tenant cannot be one's own branch's: it takes a manager of all of them."""
    return code == "FORBIDDEN_BRANCH" and owner_of(command)[0].name in MASTER_DATA


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.__name__)
def test_the_roles_of_a_command_are_those_of_the_domains_table(command: type[Command]) -> None:
    assert command.who == WHO.get(command.__name__, command.who)
    assert command.who <= set(ROLES) and command.who


def test_the_domains_table_has_every_command() -> None:
    """A command that is not in it was agreed on elsewhere, and is added there and here."""
    assert set(COMMANDS) <= set(WHO)


@pytest.mark.parametrize("name", ["UpdateTenantSettings", "SetPrice", "PublishPolicy", "RegisterPractitioner"])
def test_a_manager_of_some_branches_leaves_alone_what_holds_for_all(name: str) -> None:
    assert outcome(COMMANDS[name], "CM", "other") == "FORBIDDEN_BRANCH"
