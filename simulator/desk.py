"""The way to the product: commands go in, what was recorded comes back to whoever watches for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Protocol

from event_store.batch import Batch
from event_store.recorded import Recorded
from mymedic.clock import ManualClock
from mymedic.ids import derived_id
from mymedic.messages import Ack, Actor, Command, EntryChannel, Envelope

Watcher = Callable[[Recorded], None]


class SimulationError(Exception):
    """The product refused what the make-believe world was sure it would accept, or a fault found no place."""


class Reactions(Protocol):
    """What `processes.runner.Runner` does for the simulator."""

    def react(self, events: Iterable[Recorded], batch: Any) -> None: ...

    def fire_due(self, tenant_id: str, now: datetime, batch: Any) -> int: ...


class WatchedBatch:
    """A batch that shows every event that it records to the watchers, also those of the processes' own commands."""

    def __init__(self, batch: Batch, watchers: dict[str, list[Watcher]]) -> None:
        self._batch = batch
        self._watchers = watchers
        self.commands = 0
        self.events = 0

    def handle(self, envelope: Envelope) -> Ack:
        self.commands += 1
        return self._batch.handle(envelope)

    def take_recorded(self) -> list[Recorded]:
        taken = self._batch.take_recorded()
        self.events += len(taken)
        for recorded in taken:
            for watcher in self._watchers.get(recorded.event_type, ()):
                watcher(recorded)
        return taken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)


class Desk:
    """Sends commands at the world's time. Ids follow from names, so a run repeats and two runs compare."""

    def __init__(self, clock: ManualClock, runner: Reactions) -> None:
        self.clock = clock
        self._runner = runner
        self._watchers: dict[str, list[Watcher]] = defaultdict(list)
        self._batch: WatchedBatch | None = None
        self.commands = 0
        self.events = 0

    def watch(self, event_type: str, watcher: Watcher) -> None:
        """Have a function called for every recorded event of a type, in order."""
        self._watchers[event_type].append(watcher)

    def open(self, batch: Batch) -> None:
        self._batch = WatchedBatch(batch, self._watchers)

    def shut(self) -> None:
        """Forget the batch; it is about to become durable."""
        assert self._batch is not None
        self.commands += self._batch.commands
        self.events += self._batch.events
        self._batch = None

    @property
    def batch(self) -> WatchedBatch:
        assert self._batch is not None
        return self._batch

    def ask(
        self,
        tenant_id: str,
        actor: Actor,
        command: Command,
        *name: str,
        channel: EntryChannel = "console",
        aggregate_id: str | None = None,
        done_at: datetime | None = None,
    ) -> None:
        """Send a command that must be accepted; `name` makes its id. `done_at`: on a device that was offline then."""
        ack = self._send(tenant_id, actor, command, *name, channel=channel, aggregate_id=aggregate_id, done_at=done_at)
        if ack.status != "accepted":
            why = f"{ack.error.code} {ack.error.message}" if ack.error else ack.status
            raise SimulationError(f"{type(command).__name__} {'/'.join(name)} of {tenant_id}: {why}")
        self.follow_up()

    def ask_in_vain(self, code: str, tenant_id: str, actor: Actor, command: Command, *name: str) -> None:
        """Send a command that must be refused with a code."""
        ack = self._send(tenant_id, actor, command, *name)
        if ack.error is None or ack.error.code != code:
            raise SimulationError(f"{type(command).__name__} {'/'.join(name)} of {tenant_id}: {ack}, not {code}")

    def _send(
        self,
        tenant_id: str,
        actor: Actor,
        command: Command,
        *name: str,
        channel: EntryChannel = "console",
        aggregate_id: str | None = None,
        done_at: datetime | None = None,
    ) -> Ack:
        kind = type(command).__name__
        envelope = Envelope(
            command=command,
            command_id=derived_id("cmd", tenant_id, kind, *name),
            tenant_id=tenant_id,
            actor=actor,
            issued_at=self.clock.now(),
            channel=channel,
            aggregate_id=aggregate_id,
            client_recorded_at=done_at,
        )
        return self.batch.handle(envelope)

    def follow_up(self) -> None:
        """Let watchers see and processes answer what was recorded since."""
        recorded = self.batch.take_recorded()
        if recorded:
            self._runner.react(recorded, self.batch)
            self.batch.take_recorded()

    def ring(self, tenant_id: str) -> None:
        """Let the timers fire that are due."""
        self._runner.fire_due(tenant_id, self.clock.now(), self.batch)
        self.follow_up()
