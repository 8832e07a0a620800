"""What every process waits for: its timers with their time, what is parked for it, and how far behind the log it is.

Nothing is kept for this: it is read from the checkpoint, the timers and the parked streams.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from event_store.handle import Handler
from event_store.ledger.reads import Reads
from event_store.present import Present
from mymedic.clock import from_micros
from mymedic.messages import Command
from processes import claims
from processes.catalogue import PROCESSES, TIMERS
from processes.parking import parked_of, process_of
from processes.reacting import ANSWERED
from processes.world import CONSUMER, Timer

_TIMER = msgspec.json.Decoder(Timer)


class Waiting(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that a process waits for about one entity: a moment, or a person.

    `what`: the kind of a timer, or `parked`. `due_at` of a timer; what is parked stands since `due_at`. `told`: how
    often people were reminded. `command`: what is ready to be sent by whoever may.
    """

    process: str
    about: str
    what: str
    due_at: datetime
    told: int = 0
    error: str = ""
    command: Any = None


class ProcessState(Struct, frozen=True, kw_only=True):
    """One process of one tenant. `behind`: events that it will answer and has not yet."""

    process: str
    saga: str
    behind: int
    timers: int
    next_due_at: datetime | None
    parked: int


class Standing(Struct, frozen=True, kw_only=True):
    """The processes of one tenant. Everything up to `seq` has been answered, of the `head` events in the log."""

    tenant_id: str
    seq: int
    head: int
    processes: tuple[ProcessState, ...]
    waiting: tuple[Waiting, ...]


def standing(handler: Handler, tenant_id: str, process: str | None = None, about: str | None = None) -> Standing:
    """What the processes of a tenant wait for; of one process or about one entity, when they are named."""
    with handler.ledger.read() as reads:
        head = reads.head(tenant_id)
        seq = reads.checkpoint(tenant_id, CONSUMER)
        waiting = [*_timers(reads, tenant_id), *_parked(reads, tenant_id)]
        behind = _behind(reads, tenant_id, seq)
    last = head.seq if head else 0
    states = tuple(_state(name, saga, waiting, behind) for name, saga in PROCESSES.items() if process in (None, name))
    shown = [one for one in waiting if process in (None, one.process) and about in (None, one.about)]
    ready = tuple(_with_command(one, handler, tenant_id) for one in shown)
    return Standing(tenant_id=tenant_id, seq=seq, head=last, processes=states, waiting=ready)


def _state(name: str, saga: str, waiting: Iterable[Waiting], behind: dict[str, int]) -> ProcessState:
    mine = [one for one in waiting if one.process == name]
    due = [one.due_at for one in mine if one.what != "parked"]
    return ProcessState(
        process=name,
        saga=saga,
        behind=sum(count for event, count in behind.items() if name in dict(ANSWERED[event])),
        timers=len(due),
        next_due_at=min(due, default=None),
        parked=len(mine) - len(due),
    )


def _timers(reads: Reads, tenant_id: str) -> list[Waiting]:
    """Earliest first."""
    found = []
    for _, due_at, body in reads.due_timers(tenant_id, CONSUMER, 2**62, limit=10**9):
        timer = _TIMER.decode(body)
        process = TIMERS[timer.kind].process
        about = timer.id
        found.append(
            Waiting(process=process, about=about, what=timer.kind, due_at=from_micros(due_at), told=timer.told)
        )
    return found


def _parked(reads: Reads, tenant_id: str) -> list[Waiting]:
    return [
        Waiting(
            process=process_of(one),
            about=one.stream_id.partition("-")[2],
            what="parked",
            due_at=one.parked_at,
            error=f"{one.event_type}: {one.error}",
        )
        for one in parked_of(reads, tenant_id)
    ]


def _behind(reads: Reads, tenant_id: str, after_seq: int) -> dict[str, int]:
    """Type -> how many events of it stand after a seq and will be answered."""
    rows = reads.rows(
        f"SELECT event_type, count(*) FROM event WHERE tenant_id = ? AND seq > ? AND event_type {reads.among}"
        " GROUP BY event_type",
        (tenant_id, after_seq, reads.values(list(ANSWERED))),
    )
    return dict(rows)


def _with_command(one: Waiting, handler: Handler, tenant_id: str) -> Waiting:
    if one.what != claims.SUBMIT:
        return one
    command: Command | None = claims.prefilled(Present(handler, tenant_id), one.about)
    return msgspec.structs.replace(one, command=command)
