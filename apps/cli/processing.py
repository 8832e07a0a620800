"""`processes`: what follows from events by itself, and what each process waits for."""

from __future__ import annotations

from typing import Annotated

import typer

from apps.cli.console import OUT, print_json, table
from apps.cli.options import HomeOption, JsonOption, TenantOption
from apps.cli.place import store_of, the_tenant
from mymedic.counts import counted
from mymedic.errors import Refused
from processes.catalogue import PROCESSES
from processes.standing import Standing, standing


def register(app: typer.Typer) -> None:
    app.command("processes")(processes)


def processes(
    process: Annotated[str | None, typer.Option("--process", help=f"One of {', '.join(PROCESSES)}.")] = None,
    about: Annotated[str | None, typer.Option("--about", help="The id of an appointment, payment, claim, …")] = None,
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """What each process waits for: timers, parked streams, events not answered yet. 1 when anything is parked."""
    if process is not None and process not in PROCESSES:
        raise Refused("NOT_FOUND", f"there is no process {process}; there are {', '.join(PROCESSES)}", id=process)
    with store_of(home) as (_, store):
        found = standing(store.handler, the_tenant(store.feed, tenant), process, about)
    if json:
        print_json({"standing": found})
    else:
        _show(found, is_whole=process is None and about is None)
    return 1 if any(one.parked for one in found.processes) else 0


def _show(found: Standing, is_whole: bool) -> None:
    OUT.print(f"{found.tenant_id}: answered up to seq {found.seq:,} of {found.head:,}", highlight=False)
    rows = [
        [one.saga, one.process, f"{one.behind:,}", f"{one.timers:,}", one.next_due_at or "", f"{one.parked:,}"]
        for one in found.processes
    ]
    right = ["behind", "timers", "parked"]
    OUT.print(table("Processes", ["number", "process", "behind", "timers", "next", "parked"], rows, right=right))
    if is_whole:
        return
    waiting = [[one.process, one.about, one.what, one.due_at, _note(one.told, one.error)] for one in found.waiting]
    OUT.print(table("Waiting", ["process", "about", "for", "due or since", "note"], waiting))


def _note(told: int, error: str) -> str:
    return error or (f"told {counted(told, 'time')}" if told else "")
