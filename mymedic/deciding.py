"""What a decision is given and what it gives back: the contract between an aggregate and `event_store.handle`.

An aggregate folder has `events.py`, `commands.py`, `state.py` (class `State`, `evolve`, `guards`) and `decide.py`
(the decisions and the map `DECISIONS`). A decision is pure: it sees the folded state of its own stream, the command
and a `Context`; it returns events or raises `Refused`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any, NamedTuple, Protocol

from mymedic.bodies import Bodies
from mymedic.errors import Refused
from mymedic.lives import Machine
from mymedic.messages import Actor, Command, Event, On, Role


class Folded(Protocol):
    """Streams as they stood at one moment."""

    def state(self, aggregate: str, id: str) -> Any: ...


class Streams(Folded, Protocol):
    """Other streams and guards as they are now: what a decision's context and a reaction's world have in common."""

    def related(self, aggregate: str, kind: str, value: str) -> Sequence[Any]: ...

    def holder(self, kind: str, value: str) -> str | None: ...

    def guards(self, kind: str, prefix: str) -> Sequence[str]: ...


class Moment(Streams, Protocol):
    """Other streams at an instant: what the arithmetic of a decision asks for, now or when it is worked out again."""

    id: str  # of the aggregate that decides
    occurred_at: datetime

    @property
    def tz(self) -> timezone: ...

    def today(self) -> date: ...


class Context(Protocol):
    """The world as a decision may see it: time, ids, the asking actor, and other streams at this very moment.

    The decision holds the tenant's lock, so a stream read through `state` or `related` cannot change before the
    events are appended (R-CMD-8).
    """

    tenant_id: str
    id: str  # of the aggregate that decides, new or existing
    command_id: str
    actor: Actor
    cosigner: Actor | None
    channel: str
    now: datetime  # the server's clock
    occurred_at: datetime  # when it happened; equals `now` unless the client was offline (R-CMD-6)

    @property
    def tz(self) -> timezone: ...

    def today(self) -> date:
        """Business date of `occurred_at` in the tenant's zone."""

    def new_id(self, prefix: str) -> str: ...

    def state(self, aggregate: str, id: str) -> Any:
        """The folded state of another stream; `exists` is False when there is no such stream."""

    def require(self, aggregate: str, id: str) -> Any:
        """As `state`, or NOT_FOUND."""

    def related(self, aggregate: str, kind: str, value: str) -> Sequence[Any]:
        """States of that aggregate's streams with an event tagged `kind = value`, in order of their first event."""

    def holder(self, kind: str, value: str) -> str | None:
        """Id of the aggregate that holds a guard, or None when it is free."""

    def guard_detail(self, kind: str, value: str) -> str | None:
        """The detail stored with a guard, or None when it is free."""

    def guards(self, kind: str, prefix: str) -> Sequence[str]:
        """Values of the guards of a kind that begin with a prefix, ascending."""

    def actors_behind(self, aggregate: str, id: str, event_type: str, **having: Any) -> frozenset[str]:
        """Ids of everybody behind the events of a stream with this type and these values: who asked, on whose
        behalf, and who caused them to, back to the first cause.
        """

    def keyed_hash(self, text: str) -> str:
        """HMAC under the tenant's analytics key: equal texts are findable, the text is not readable."""

    @property
    def bodies(self) -> Bodies:
        """Stored bodies, for the few decisions that redact or destroy."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A unique fact: at most one aggregate of the tenant holds (kind, value) at a time (R-CMD-3)."""

    kind: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GuardChange:
    """What one event does to the guards: derived from the event and the state before it, so replay rebuilds them."""

    claim: Sequence[Guard] = ()
    release: Sequence[Guard] = ()


# The code that a command gets when a guard that it needs is held by another.
GUARD_CODES: dict[str, str] = {
    "slot_token": "SLOT_UNAVAILABLE",
    "patient_time": "PATIENT_DOUBLE_BOOKED",
    "practitioner_time": "SLOT_OVERLAP",
    "gateway_payment": "PAYMENT_DUPLICATE",
    "rrn": "RRN_REUSED",
    "price": "PRICE_OVERLAP",
    "file": "FILE_DUPLICATE",
    "settlement_line": "FILE_TOTAL_MISMATCH",
    "webhook": "ALREADY_EXISTS",
    "drawer": "CASH_SESSION_OPEN",
    "bed": "BED_OCCUPIED",
    "patient_admission": "PATIENT_ALREADY_ADMITTED",
    # everything else that must be unique answers ALREADY_EXISTS
}

Decide = Callable[[Any, Any, Context], Iterable[Event | On]]


class Foreseen(NamedTuple):
    """Streams as (aggregate, id), and guards as (kind, value)."""

    streams: tuple[tuple[str, str], ...] = ()
    guards: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """How one command is decided.

    `target` names the command's field that holds the aggregate's id (None: a new id, or the envelope's
    `aggregate_id`), or is a function of (command, context). `creates`: True when the stream must be new, False when
    it must exist, None when either will do. `foresees` tells of a command what deciding it will ask for, so that it
    can be asked for many commands at once; what it leaves out is asked one by one.
    """

    decide: Decide
    target: str | Callable[[Any, Context], str] | None = None
    creates: bool | None = False
    foresees: Callable[[Any], Foreseen] | None = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One kind of stream: `stream_id` is `<stream>-<id>`; `name` is the folder's, and the landing table's."""

    name: str
    stream: str
    id_prefix: str
    new_state: Callable[[], Any]
    evolve: Callable[[Any, Event], None]
    events: Sequence[type[Event]]
    decisions: dict[type[Command], Decision]
    guards: Callable[[Any, Event], GuardChange | None] = lambda state, event: None
    machines: Sequence[Machine] = ()

    def stream_id(self, id: str) -> str:
        return f"{self.stream}-{id}"

    def fresh(self, id: str) -> Any:
        """The state before the first event; it knows its own id where it has a place for it."""
        state = self.new_state()
        own = f"{self.name}_id"
        if hasattr(state, own):
            setattr(state, own, id)
        return state


def check(condition: object, code: str, message: str, **details: Any) -> None:
    """Refuse with a code unless the condition holds."""
    if not condition:
        raise Refused(code, message, **details)


def four_eyes(context: Context, *roles: Role, second: Sequence[Role] = ()) -> Actor:
    """The cosigner, another person than the actor. Both together hold all the roles, and the second one of them.

    `second`: what the second may hold instead, where it need not be one of the roles.

    Raises FOUR_EYES_REQUIRED when nobody has cosigned, when it is the same person (also by way of `on_behalf_of`),
    when a role is missing, or when the second holds none: a patient's signature is no finance's.
    """
    cosigner = context.cosigner
    if cosigner is None or not _persons(cosigner).isdisjoint(_persons(context.actor)):
        raise Refused("FOUR_EYES_REQUIRED", "this takes a second person's signature beside the asker's own")
    wanted = second or roles
    if not cosigner.has(*wanted):
        raise Refused("FOUR_EYES_REQUIRED", f"who cosigns holds none of {', '.join(wanted)}", wanted=list(wanted))
    missing = [role for role in roles if not (context.actor.has(role) or cosigner.has(role))]
    if missing:
        raise Refused("FOUR_EYES_REQUIRED", f"neither of the two holds {', '.join(missing)}", missing=missing)
    return cosigner


def _persons(actor: Actor) -> set[str]:
    return {actor.id} if actor.on_behalf_of is None else {actor.id, actor.on_behalf_of}


def other_eyes(context: Context, aggregate: str, id: str, event_type: str, **having: Any) -> None:
    """FOUR_EYES_REQUIRED when who approves stands anywhere behind the events that are approved (R-AUTH-4)."""
    behind = context.actors_behind(aggregate, id, event_type, **having)
    check(
        context.actor.id not in behind and context.actor.on_behalf_of not in behind,
        "FOUR_EYES_REQUIRED",
        "this is approved by somebody other than who asked for it or caused it",
    )
