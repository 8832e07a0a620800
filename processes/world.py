"""What a reaction may do: look at streams, send commands, set timers; all inside one transaction."""

from __future__ import annotations

import logging
from datetime import datetime, timezone

import msgspec
from msgspec import Struct

from event_store.batch import Batch
from event_store.present import Present
from event_store.recorded import Recorded
from mymedic.clock import INDIA, micros, zone
from mymedic.ids import OWN_COMMAND, derived_id
from mymedic.messages import Ack, Actor, Command, Envelope, Event

CONSUMER = "processes"
_LOG = logging.getLogger(__name__)


class Timer(Struct, frozen=True, omit_defaults=True):
    """What to remember until a moment comes: the kind of reminder and the id that it is about.

    `told`: how often it has gone off already, where people are reminded until they have done something.
    """

    kind: str
    id: str
    told: int = 0


class World(Present):
    """The open batch as one reaction sees it. `cause` is the id of the event, or of the timer, that set it off."""

    def __init__(self, batch: Batch, name: str, tenant_id: str, cause: str, now: datetime) -> None:
        super().__init__(batch, tenant_id)
        self._batch = batch
        self._name = name
        self._cause = cause
        self._correlation_id: str | None = None
        self._sent: set[str] = set()
        self._actor = Actor(type="system", id=f"process:{name}", roles=("SY",))
        self.now = now

    @classmethod
    def of(cls, batch: Batch, name: str, event: Recorded, now: datetime) -> World:
        world = cls(batch, name, event.tenant_id, event.event_id, now)
        world._correlation_id = event.correlation_id
        return world

    @property
    def tz(self) -> timezone:
        tenant = self.state("tenant", self.tenant_id)
        return zone(tenant.tz) if tenant.exists else INDIA

    def id_for(self, prefix: str, *about: str) -> str:
        """An id that the same cause always gives: a reaction that runs twice asks for the same thing twice."""
        return derived_id(prefix, self._name, self._cause, *about)

    def history(self, aggregate: str, id: str) -> list[Event]:
        """The events of one stream, in order."""
        return self._batch.history(self.tenant_id, aggregate, id)

    def send(self, command: Command, *about: str, at: datetime | None = None, foreseen: tuple[str, ...] = ()) -> Ack:
        """Send a command; `about` tells apart the commands of one reaction to one cause, `at` is when it counts.

        A refusal is only an answer, and stands in the command log. One that was not foreseen is told to whoever runs
        the server as well: money may wait for it. A reaction that comes again to the same cause hears the first
        answer, or that it asked for something else then; either way what was done the first time stands.
        """
        command_id = self.id_for(OWN_COMMAND, type(command).__name__, *about)
        if command_id in self._sent:
            raise RuntimeError(f"{self._name} sent two {type(command).__name__} alike for {self._cause}")
        self._sent.add(command_id)
        ack = self._batch.handle(
            Envelope(
                command=command,
                command_id=command_id,
                tenant_id=self.tenant_id,
                actor=self._actor,
                issued_at=at or self.now,
                channel="system",
                causation_id=self._cause,
                correlation_id=self._correlation_id,
            )
        )
        if ack.error is not None and ack.error.code not in (*foreseen, "IDEMPOTENCY_CONFLICT"):
            _LOG.warning(
                "%s of process %s was refused in %s, caused by %s: %s, %s",
                type(command).__name__,
                self._name,
                self.tenant_id,
                self._cause,
                ack.error.code,
                ack.error.message,
            )
        return ack

    def remind(self, at: datetime, kind: str, id: str, told: int = 0) -> None:
        """Set the timer (kind, id), or move it."""
        body = msgspec.json.encode(Timer(kind, id, told)).decode()
        self._batch.session.set_timer(self.tenant_id, CONSUMER, f"{kind}:{id}", micros(at), body)

    def warn(self, timer: Timer) -> None:
        """Say in the server's log that people are late with something."""
        _LOG.warning("%s of %s in %s is overdue, told %d times", timer.kind, timer.id, self.tenant_id, timer.told + 1)

    def forget(self, kind: str, id: str) -> None:
        self._batch.session.clear_timer(self.tenant_id, CONSUMER, f"{kind}:{id}")
