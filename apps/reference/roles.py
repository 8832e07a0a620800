"""The page of roles: who may send which command, and how far each role reaches."""

from __future__ import annotations

from typing import get_args

from apps.reference.messages import ROLE_NAMES
from event_store.authorise import MASTER_DATA, OWN_ACTS, REACH, STAFF_ROLES
from event_store.catalogue import AGGREGATES
from mymedic.messages import Command, Role

_ROLES: tuple[Role, ...] = get_args(Role)
_MARK = {"own patient": "own", "own practice": "own", "branches": "branches", "tenant": "all"}
_REACH = {
    "own patient": "their own records, and those of patients whose guardian they are; of others' they are told"
    " `NOT_FOUND`, as if there were none",
    "own practice": "their own schedules and what happened on them; else `FORBIDDEN`",
    "branches": "the branches of their scope (`*`: all of them); else `FORBIDDEN_BRANCH`",
    "tenant": "everything of the tenant",
}


def roles_page() -> str:
    """A table of roles and their reach, then one row per command and one column per role."""
    master = ", ".join(sorted(MASTER_DATA))
    lines = [
        "# Roles",
        "",
        "Who may send a command, and on what. A command that none of the actor's roles may send is `FORBIDDEN` before",
        "anything is looked up; an unknown id, or another tenant's, is `NOT_FOUND` before anything else is said of it.",
        "Where an actor has several roles, one that reaches far enough suffices.",
        "",
        "| role | who | reaches |",
        "|---|---|---|",
        *(f"| `{role}` | {ROLE_NAMES[role]} | {_REACH[REACH[role]]} |" for role in _ROLES),
        "",
        f"What holds for every branch ({master})",
        "is changed only by those who have all of them, unless the command names branches and all of these are theirs.",
        f"A doctor also records what they did themself, whoever's patient it was: {_commands()}.",
        "",
        "Of a member of staff whom the log knows (`RegisterStaff`), these roles count only as far as they are granted",
        f"there now, whatever a token says: {', '.join(f'`{role}`' for role in _staff())}. `SY` is the product itself:",
        "no token and no key speaks for it. Some decisions narrow this further: see the command.",
        "",
        f"| command | {' | '.join(_ROLES)} |",
        f"|---|{'---|' * len(_ROLES)}",
    ]
    for aggregate in AGGREGATES.values():
        lines += [_row(command) for command in aggregate.decisions]
    return "\n".join([*lines, ""])


def _row(command: type[Command]) -> str:
    cells = [_MARK[REACH[role]] if role in command.who else "" for role in _ROLES]
    return f"| {command.__name__} | {' | '.join(cells)} |"


def _commands() -> str:
    return ", ".join(f"`{name}`" for name in sorted(OWN_ACTS))


def _staff() -> list[Role]:
    return [role for role in _ROLES if role in STAFF_ROLES]
