"""authorise, load, decide, append: the one way in.

A process decides one command at a time, under the lock of the tenant's head row, and commits many in one durable
transaction. So a decision always sees the present, and nothing has to be decided twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from event_store.answers import answered_before, fingerprint, occurred_at, rejected
from event_store.appending import Appender
from event_store.authorise import STAFF_ROLES, as_granted, authorise_role, authorise_target
from event_store.batch import Batch
from event_store.catalogue import owner_of, streams_named
from event_store.context import DecisionContext
from event_store.ledger.reads import GuardKey, Head, Reads
from event_store.ledger.session import Ledger, Session
from event_store.past import Pasts
from event_store.recorded import Recorded
from event_store.retention.destruction import settle
from event_store.retention.keys import Vault
from event_store.retention.opening import opened_event
from event_store.states import States, stream_of
from event_store.subscriptions.hints import Hints
from mymedic.clock import Clock
from mymedic.errors import Refused, not_found
from mymedic.ids import IdFactory
from mymedic.messages import Ack, Actor, Envelope, Event, On


class Handler:
    """Decides commands. One per process and ledger; calls from several threads take turns."""

    def __init__(self, ledger: Ledger, vault: Vault, clock: Clock, ids: IdFactory) -> None:
        self.ledger = ledger
        self.vault = vault
        self.clock = clock
        self.pasts = Pasts(ledger, vault.keyed_hash)
        self._ids = ids
        self._mutex = threading.RLock()
        self._states: dict[str, States] = {}
        self._level: set[str] = set()
        self._session: Session | None = None
        self.hints = Hints()

    def submit(self, envelope: Envelope) -> Ack:
        """Answer one command; durable when this returns."""
        return self.submit_many([envelope])[0]

    def submit_many(self, envelopes: Sequence[Envelope]) -> list[Ack]:
        """Answer commands in one durable transaction; each is accepted or rejected by itself."""
        try:
            return self._submitted(envelopes)
        except Refused as refusal:  # the store itself: full, locked or gone; nothing was kept
            return [rejected(envelope.command_id, refusal) for envelope in envelopes]

    def submit_at_once(self, envelope: Envelope) -> Ack | None:
        """Answer one command, durably, if that waits for nothing but this machine's disk; else None, nothing done."""
        if not self.ledger.is_local or not self._mutex.acquire(blocking=False):
            return None
        try:
            return self._submitted([envelope], patience=0)[0]
        except Refused as refusal:
            return None if refusal.code == "STORE_LOCKED" else rejected(envelope.command_id, refusal)
        finally:
            self._mutex.release()

    def _submitted(self, envelopes: Sequence[Envelope], patience: float | None = None) -> list[Ack]:
        with self._transaction(patience) as session:
            self.foresee(session, envelopes)
            return [self.answer(session, envelope) for envelope in envelopes]

    def foresee(self, session: Session, envelopes: Sequence[Envelope]) -> None:
        """Ask, with one question of each kind, what these commands would ask one by one; a transaction begins so."""
        commands: dict[str, list[str]] = {}
        for envelope in envelopes:
            commands.setdefault(envelope.tenant_id, []).append(envelope.command_id)
        for tenant_id, head in session.open(commands).items():
            self._brought_level(session, tenant_id, head)
        self._load_named(session, envelopes)

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """A batch of commands; when the block raises, none of them happened."""
        with self._transaction() as session:
            yield Batch(self, session)

    def state(self, tenant_id: str, aggregate: str, id: str) -> Any:
        """The present state of a stream. Read it, do not change it."""
        with self._reading() as reads:
            return self._level_with(reads, tenant_id).get(reads, stream_of(aggregate, id)).state

    def related(self, tenant_id: str, aggregate: str, kind: str, value: str) -> list[Any]:
        """Present states of that aggregate's streams with an event tagged `kind = value`. Do not change them."""
        prefix = stream_of(aggregate, "")
        with self._reading() as reads:
            states = self._level_with(reads, tenant_id)
            found = states.related(reads, kind, value)
            return [states.get(reads, stream_id).state for stream_id in found if stream_id.startswith(prefix)]

    def preview(self, envelope: Envelope) -> list[Event | On]:
        """What a command would record if it came now. Records nothing; raises what would refuse it."""
        fingerprint(envelope)  # also what it could not be kept for
        with self._reading() as reads:
            return self.consider(reads, envelope)

    def holder(self, tenant_id: str, kind: str, value: str) -> str | None:
        """Id of the aggregate that holds a guard, or None when it is free."""
        with self._reading() as reads:
            found = reads.guard((tenant_id, kind, value))
        return found.holder if found else None

    def guards(self, tenant_id: str, kind: str, prefix: str) -> list[str]:
        """Values of the guards of a kind that begin with a prefix, ascending."""
        with self._reading() as reads:
            return [value for value, _, _ in reads.guards(tenant_id, kind, prefix)]

    def opened(self, tenant_id: str, aggregate: str, id: str, version: int) -> Event:
        """One event of a stream with its sealed part, for the machines that need it again; never for a person."""
        with self._reading() as reads:
            return opened_event(reads, self.vault, tenant_id, stream_of(aggregate, id), version, self.pasts)

    @contextmanager
    def _reading(self) -> Iterator[Reads]:
        """Inside a batch of this thread, its open transaction: only there is what the batch has appended."""
        with self._mutex:
            if self._session is not None:
                yield self._session
                return
            with self.ledger.read() as reads:
                yield reads

    def _level_with(self, reads: Reads, tenant_id: str) -> States:
        """The tenant's states, level with what these reads see."""
        if isinstance(reads, Session):
            return self._levelled(reads, tenant_id)
        head = reads.head(tenant_id)
        states = self._states.setdefault(tenant_id, States(tenant_id, head.seq if head else 0, self.pasts))
        if head is not None and head.seq != states.seq:
            states.catch_up(reads, head.seq)
        return states

    @contextmanager
    def _transaction(self, patience: float | None = None) -> Iterator[Session]:
        with self._mutex:
            self._level.clear()
            if self.vault.has_condemned:  # of a transaction that ended nobody knows how
                settle(self.ledger, self.vault, self.clock)
            try:
                with self.ledger.write(patience) as session, self.vault.group():
                    self._session = session
                    yield session
            except BaseException:
                self._states.clear()  # they may hold events that were not kept
                raise
            finally:
                self._session = None
            self.hints.ring()
            if self.vault.has_condemned:
                with suppress(Refused):  # what was committed stays so; the key is unusable and waits for the next time
                    settle(self.ledger, self.vault, self.clock)

    def _levelled(self, session: Session, tenant_id: str) -> States:
        """The tenant's states, with its head locked and everything known up to it."""
        if tenant_id in self._level:
            return self._states[tenant_id]
        return self._brought_level(session, tenant_id, session.take(tenant_id))

    def _brought_level(self, session: Session, tenant_id: str, head: Head | None) -> States:
        seq = head.seq if head else 0
        states = self._states.get(tenant_id)
        if states is None:
            states = self._states[tenant_id] = States(tenant_id, seq, self.pasts)
        elif states.seq != seq:
            states.catch_up(session, seq)
        self._level.add(tenant_id)
        return states

    def _load_named(self, session: Session, envelopes: Sequence[Envelope]) -> None:
        """Load what the commands name, with one question for each tenant instead of one for each stream."""
        named: dict[str, list[str]] = {}
        guards: list[GuardKey] = []
        for envelope in envelopes:
            streams = named.setdefault(envelope.tenant_id, [])
            streams += streams_named(envelope.command)
            people = (who for who in (envelope.actor, envelope.cosigner) if who is not None and who.type == "user")
            streams += [stream_of("staff", who.id) for who in people]
            foresees = owner_of(type(envelope.command))[1].foresees
            if foresees is not None:
                foreseen = foresees(envelope.command)
                streams += [stream_of(aggregate, id) for aggregate, id in foreseen.streams]
                guards += [(envelope.tenant_id, *guard) for guard in foreseen.guards]
        for tenant_id, stream_ids in named.items():
            self._states[tenant_id].load(session, [stream_of("tenant", tenant_id), *stream_ids])
        session.taken(guards)

    def answer(self, session: Session, envelope: Envelope, keep: Callable[[Recorded], None] | None = None) -> Ack:
        """Decide one command inside an open transaction; `keep` is handed each event that it appended."""
        tenant_id = envelope.tenant_id
        states = self._levelled(session, tenant_id)
        print_now = ""
        try:
            envelope = _as_granted(session, states, envelope)
            authorise_role(envelope)
            print_now = fingerprint(envelope)
            answered = session.command(tenant_id, envelope.command_id)
            if answered is not None:
                return answered_before(print_now, *answered)
            context, stream_id, decided = self._decide(session, states, envelope)
            appender = Appender(session, states, self.vault, envelope, context, stream_id)
            return appender.append(decided, print_now, keep)
        except Refused as refusal:
            ack = rejected(envelope.command_id, refusal)
            if print_now and states.seq and not refusal.retryable and refusal.code != "IDEMPOTENCY_CONFLICT":
                session.log_command(tenant_id, envelope.command_id, print_now, msgspec.json.encode(ack).decode())
            return ack

    def consider(self, reads: Reads, envelope: Envelope) -> list[Event | On]:
        """Decide one command and keep nothing."""
        states = self._level_with(reads, envelope.tenant_id)
        envelope = _as_granted(reads, states, envelope)
        authorise_role(envelope)
        return self._decide(reads, states, envelope)[2]

    def _decide(
        self, reads: Reads, states: States, envelope: Envelope
    ) -> tuple[DecisionContext, str, list[Event | On]]:
        aggregate, decision = owner_of(type(envelope.command))
        now = self.clock.now()
        at = occurred_at(envelope, now)
        context = DecisionContext(envelope, reads, states, self.vault, self._ids, now, at)
        self._require_tenant(envelope, context)
        if callable(decision.target):
            context.id = decision.target(envelope.command, context)
        else:
            named = getattr(envelope.command, decision.target) if decision.target else None
            context.id = named or envelope.aggregate_id or context.new_id(aggregate.id_prefix)
        stream_id = aggregate.stream_id(context.id)
        entry = states.begin(stream_id) if context.id in context.made else states.get(reads, stream_id)
        authorise_target(envelope.command, context, aggregate, decision, entry.state)
        if decision.creates is True and entry.state.exists:
            raise Refused("ALREADY_EXISTS", f"{context.id} exists", id=context.id)
        if decision.creates is False and not entry.state.exists:
            raise not_found(aggregate.name, context.id)
        if envelope.expected_version is not None and envelope.expected_version != entry.version:
            raise Refused(
                "VERSION_CONFLICT",
                f"{stream_id} is at version {entry.version}, not {envelope.expected_version}",
                version=entry.version,
            )
        return context, stream_id, list(decision.decide(entry.state, envelope.command, context))

    def _require_tenant(self, envelope: Envelope, context: DecisionContext) -> None:
        tenant = context.state("tenant", envelope.tenant_id)
        if not tenant.exists:
            if type(envelope.command).__name__ != "RegisterTenant":
                raise Refused("NOT_FOUND", "there is no such tenant")
        elif tenant.status == "suspended":
            raise Refused("TENANT_SUSPENDED", f"{envelope.tenant_id} is suspended")


def _as_granted(reads: Reads, states: States, envelope: Envelope) -> Envelope:
    """The envelope with no more roles and branches than the log grants to who sent and who cosigned it."""

    def granted(actor: Actor | None, who: frozenset[str]) -> Actor | None:
        if actor is None or actor.type != "user":
            return actor
        return as_granted(actor, states.get(reads, stream_of("staff", actor.id)).state, who)

    actor, cosigner = granted(envelope.actor, type(envelope.command).who), granted(envelope.cosigner, STAFF_ROLES)
    if actor is envelope.actor and cosigner is envelope.cosigner:
        return envelope
    return msgspec.structs.replace(envelope, actor=actor, cosigner=cosigner)
