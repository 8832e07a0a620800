"""given events / when command / then events, an error, or nothing: decisions tested without a store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timezone
from typing import Any

from event_store.authorise import authorise_target
from event_store.catalogue import AGGREGATES, owner_of
from mymedic.clock import INDIA, business_date
from mymedic.deciding import GUARD_CODES, Aggregate, Decision, Guard
from mymedic.errors import Refused
from mymedic.ids import derived_id
from mymedic.messages import Actor, Command, Event, On
from tests.provoked import SEEN
from tests.stored_bodies import ScenarioBodies

KEYS = ("patient_id", "appointment_id", "payment_id", "invoice_id", "admission_id", "claim_id")
SYSTEM = Actor(type="system", id="test", roles=("SY",))


class Scenario:
    """A tenant's streams in memory. `given` folds events, `when` decides a command and keeps what came out.

    `when` returns the events; a refusal is raised as `Refused`, so tests write
    `with pytest.raises(Refused) as refusal: ...; assert refusal.value.code == "SLOT_UNAVAILABLE"`.
    """

    def __init__(self, tenant_id: str = "ten_test", now: datetime = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)) -> None:
        self.tenant_id = tenant_id
        self.now = now
        self.states: dict[tuple[str, str], Any] = {}
        self.held: dict[tuple[str, str], tuple[str, str]] = {}
        self.tags: dict[tuple[str, str, str], list[str]] = {}
        self.log: list[tuple[str, str, Event]] = []
        self.kept_at: list[datetime] = []  # when each event of the log was kept
        self.asked_of_bodies: list[tuple[str, object]] = []
        self.behind: list[tuple[set[str], Event | None]] = []  # beside the log: whose it is, and what caused it
        self._commands = 0

    def at(self, moment: datetime) -> Scenario:
        self.now = moment
        return self

    def given(self, aggregate: str, id: str, *events: Event) -> Scenario:
        for event in events:
            self._keep(aggregate, id, event)
        return self

    def state(self, aggregate: str, id: str) -> Any:
        return self.states.get((aggregate, id)) or AGGREGATES[aggregate].fresh(id)

    def when(
        self,
        command: Command,
        *,
        actor: Actor = SYSTEM,
        cosigner: Actor | None = None,
        id: str | None = None,
        channel: str = "api",
        because: Event | None = None,
    ) -> list[Event]:
        """`because`: the event of the log that made the actor ask, as reactions have it."""
        self._commands += 1
        cause = ({actor.id, actor.on_behalf_of or actor.id}, because)
        aggregate, decision = owner_of(type(command))
        context = ScenarioContext(self, f"cmd_{self._commands}", actor, channel, cosigner)
        if callable(decision.target):
            target = decision.target(command, context)
        else:
            named = getattr(command, decision.target) if decision.target else None
            target = named or id or context.new_id(aggregate.id_prefix)
        context.id = target
        with SEEN.deciding(type(command)):
            decided = self._decided(aggregate, decision, command, context)
            for item in decided:
                if isinstance(item, On):
                    self._keep(item.aggregate, item.id, item.event, cause)
                else:
                    self._keep(aggregate.name, target, item, cause)
        SEEN.decided(type(command), decided)
        return [item.event if isinstance(item, On) else item for item in decided]

    def _decided(
        self, aggregate: Aggregate, decision: Decision, command: Command, context: ScenarioContext
    ) -> list[Event | On]:
        state = self.state(aggregate.name, context.id)
        if not command.who.isdisjoint(context.actor.roles):  # tests of a rule need not find out who may ask
            authorise_target(command, context, aggregate, decision, state)
        if decision.creates is True and state.exists:
            raise Refused("ALREADY_EXISTS", f"{context.id} exists")
        if decision.creates is False and not state.exists:
            raise Refused("NOT_FOUND", f"no {aggregate.name} {context.id}")
        return list(decision.decide(state, command, context))

    def _keep(
        self, aggregate: str, id: str, event: Event, behind: tuple[set[str], Event | None] = (set(), None)
    ) -> None:
        kind = AGGREGATES[aggregate]
        state = self.states.setdefault((aggregate, id), kind.fresh(id))
        change = kind.guards(state, event)
        if change is not None:
            for guard in change.release:
                self.held.pop((guard.kind, guard.value), None)
            for guard in change.claim:
                self._claim(guard, id)
        kind.evolve(state, event)
        for key in KEYS:
            value = getattr(event, key, None) or getattr(state, key, None)
            if value:
                ids = self.tags.setdefault((aggregate, key.removesuffix("_id"), value), [])
                if id not in ids:
                    ids.append(id)
        self.log.append((aggregate, id, event))
        self.kept_at.append(self.now)
        self.behind.append(behind)

    def _claim(self, guard: Guard, id: str) -> None:
        if (guard.kind, guard.value) in self.held:
            raise Refused(GUARD_CODES.get(guard.kind, "ALREADY_EXISTS"), f"{guard.kind} {guard.value} is taken")
        self.held[guard.kind, guard.value] = (id, guard.detail)


class ScenarioContext:
    """`mymedic.deciding.Context` over a scenario."""

    def __init__(
        self, scenario: Scenario, command_id: str, actor: Actor, channel: str, cosigner: Actor | None = None
    ) -> None:
        self._scenario = scenario
        self._ids = 0
        self.tenant_id = scenario.tenant_id
        self.id = ""
        self.command_id = command_id
        self.actor = actor
        self.cosigner = cosigner
        self.channel = channel
        self.now = self.occurred_at = scenario.now
        self.tz: timezone = INDIA
        self.bodies = ScenarioBodies(scenario)

    def today(self) -> date:
        return business_date(self.occurred_at, self.tz)

    def new_id(self, prefix: str) -> str:
        self._ids += 1
        return derived_id(prefix, self.command_id, str(self._ids))

    def state(self, aggregate: str, id: str) -> Any:
        return self._scenario.state(aggregate, id)

    def require(self, aggregate: str, id: str) -> Any:
        state = self.state(aggregate, id)
        if not state.exists:
            raise Refused("NOT_FOUND", f"no {aggregate} {id}", id=id)
        return state

    def related(self, aggregate: str, kind: str, value: str) -> Sequence[Any]:
        return [self.state(aggregate, id) for id in self._scenario.tags.get((aggregate, kind, value), [])]

    def holder(self, kind: str, value: str) -> str | None:
        held = self._scenario.held.get((kind, value))
        return held[0] if held else None

    def guard_detail(self, kind: str, value: str) -> str | None:
        held = self._scenario.held.get((kind, value))
        return held[1] if held else None

    def guards(self, kind: str, prefix: str) -> Sequence[str]:
        return sorted(value for k, value in self._scenario.held if k == kind and value.startswith(prefix))

    def actors_behind(self, aggregate: str, id: str, event_type: str, **having: Any) -> frozenset[str]:
        log, found = self._scenario.log, set[str]()
        waiting = [
            number
            for number, (kind, stream, event) in enumerate(log)
            if (kind, stream, type(event).__name__) == (aggregate, id, event_type)
            and all(getattr(event, name) == value for name, value in having.items())
        ]
        while waiting:
            who, because = self._scenario.behind[waiting.pop()]
            found |= who
            waiting += [number for number, (_, _, event) in enumerate(log) if event is because]
        return frozenset(found)

    def keyed_hash(self, text: str) -> str:
        return hashlib.sha256(f"{self.tenant_id}{text}".encode()).hexdigest()
