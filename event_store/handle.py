"""authorise, load, decide, append: the one way in.

A process decides one command at a time, under the lock of the tenant's head row, and commits many in one durable
transaction. So a decision always sees the present, and nothing has to be decided twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from event_store.appending import Appender
from event_store.authorise import authorise_role, authorise_target
from event_store.catalogue import owner_of
from event_store.context import DecisionContext
from event_store.ledger.session import Ledger, Session
from event_store.recorded import Recorded, recorded
from event_store.retention.keys import Vault
from event_store.states import States, stream_of
from mymedic.clock import Clock
from mymedic.errors import Refused
from mymedic.ids import IdFactory
from mymedic.messages import Ack, Envelope, ErrorBody, canonical_json

_ACK = msgspec.json.Decoder(Ack)
OFFLINE_PAST = timedelta(hours=24)
OFFLINE_FUTURE = timedelta(minutes=2)


class Batch:
    """Commands decided one after another in one open transaction; durable together when the batch ends."""

    def __init__(self, handler: Handler, session: Session) -> None:
        self._handler = handler
        self.session = session
        self.recorded: list[Recorded] = []

    def handle(self, envelope: Envelope) -> Ack:
        return self._handler.answer(self.session, envelope, self.recorded.append)

    def take_recorded(self) -> list[Recorded]:
        """The events appended since the last call."""
        taken, self.recorded = self.recorded, []
        return taken

    def events(self, tenant_id: str, after_seq: int, limit: int) -> list[Recorded]:
        return [recorded(row) for row in self.session.events(tenant_id, after_seq, limit)]

    def state(self, tenant_id: str, aggregate: str, id: str) -> Any:
        return self._handler.peek(self.session, tenant_id, aggregate, id)

    def related(self, tenant_id: str, aggregate: str, kind: str, value: str) -> list[Any]:
        """States of that aggregate's streams with an event tagged `kind = value`."""
        return self._handler.peek_related(self.session, tenant_id, aggregate, kind, value)


class Handler:
    """Decides commands. One per process and ledger; calls from several threads take turns."""

    def __init__(self, ledger: Ledger, vault: Vault, clock: Clock, ids: IdFactory) -> None:
        self.ledger = ledger
        self.vault = vault
        self.clock = clock
        self._ids = ids
        self._mutex = threading.RLock()
        self._states: dict[str, States] = {}
        self._level: set[str] = set()

    def submit(self, envelope: Envelope) -> Ack:
        """Answer one command; durable when this returns."""
        return self.submit_many([envelope])[0]

    def submit_many(self, envelopes: Sequence[Envelope]) -> list[Ack]:
        """Answer commands in one durable transaction; each is accepted or rejected by itself."""
        try:
            commands: dict[str, list[str]] = {}
            for envelope in envelopes:
                commands.setdefault(envelope.tenant_id, []).append(envelope.command_id)
            with self._transaction(sorted(commands)) as session:
                for tenant_id, command_ids in commands.items():
                    session.expect(tenant_id, command_ids)
                return [self.answer(session, envelope) for envelope in envelopes]
        except Refused as refusal:  # the store itself: full, locked or gone; nothing was kept
            return [_rejected(envelope.command_id, refusal) for envelope in envelopes]

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """A batch of commands; when the block raises, none of them happened."""
        with self._transaction([]) as session:
            yield Batch(self, session)

    def state(self, tenant_id: str, aggregate: str, id: str) -> Any:
        """The present state of a stream. Read it, do not change it."""
        with self._mutex, self.ledger.read() as reads:
            head = reads.head(tenant_id)
            states = self._states.setdefault(tenant_id, States(tenant_id, head.seq if head else 0))
            if head is not None and head.seq != states.seq:
                states.catch_up(reads, head.seq)
            return states.get(reads, stream_of(aggregate, id)).state

    @contextmanager
    def _transaction(self, tenants: Sequence[str]) -> Iterator[Session]:
        with self._mutex:
            self._level.clear()
            try:
                with self.ledger.write() as session, self.vault.group():
                    for tenant_id in tenants:  # in order, so that two processes cannot wait for each other
                        self._levelled(session, tenant_id)
                    yield session
            except BaseException:
                self._states.clear()  # they may hold events that were not kept
                raise

    def _levelled(self, session: Session, tenant_id: str) -> States:
        """The tenant's states, with its head locked and everything known up to it."""
        if tenant_id in self._level:
            return self._states[tenant_id]
        head = session.take(tenant_id)
        seq = head.seq if head else 0
        states = self._states.get(tenant_id)
        if states is None:
            states = self._states[tenant_id] = States(tenant_id, seq)
        elif states.seq != seq:
            states.catch_up(session, seq)
        self._level.add(tenant_id)
        return states

    def peek(self, session: Session, tenant_id: str, aggregate: str, id: str) -> Any:
        return self._levelled(session, tenant_id).get(session, stream_of(aggregate, id)).state

    def peek_related(self, session: Session, tenant_id: str, aggregate: str, kind: str, value: str) -> list[Any]:
        states = self._levelled(session, tenant_id)
        prefix = stream_of(aggregate, "")
        found = states.related(session, kind, value)
        return [states.get(session, stream_id).state for stream_id in found if stream_id.startswith(prefix)]

    def answer(self, session: Session, envelope: Envelope, keep: Callable[[Recorded], None] | None = None) -> Ack:
        """Decide one command inside an open transaction; `keep` is handed each event that it appended."""
        tenant_id = envelope.tenant_id
        states = self._levelled(session, tenant_id)
        fingerprint = ""
        try:
            authorise_role(envelope)
            fingerprint = _fingerprint(envelope)
            answered = session.command(tenant_id, envelope.command_id)
            if answered is not None:
                return _again(envelope, fingerprint, *answered)
            return self._decide(session, states, envelope, fingerprint, keep)
        except Refused as refusal:
            ack = _rejected(envelope.command_id, refusal)
            if fingerprint and states.seq and not refusal.retryable and refusal.code != "IDEMPOTENCY_CONFLICT":
                session.log_command(tenant_id, envelope.command_id, fingerprint, msgspec.json.encode(ack).decode())
            return ack

    def _decide(
        self,
        session: Session,
        states: States,
        envelope: Envelope,
        fingerprint: str,
        keep: Callable[[Recorded], None] | None,
    ) -> Ack:
        aggregate, decision = owner_of(type(envelope.command))
        now = self.clock.now()
        occurred_at = _occurred_at(envelope, now)
        context = DecisionContext(envelope, session, states, self.vault, self._ids, now, occurred_at)
        self._require_tenant(envelope, context)
        if callable(decision.target):
            context.id = decision.target(envelope.command, context)
        else:
            named = getattr(envelope.command, decision.target) if decision.target else None
            context.id = named or envelope.aggregate_id or context.new_id(aggregate.id_prefix)
        stream_id = aggregate.stream_id(context.id)
        entry = states.get(session, stream_id)
        authorise_target(envelope, entry.state)
        if decision.creates is True and entry.state.exists:
            raise Refused("ALREADY_EXISTS", f"{context.id} exists", id=context.id)
        if decision.creates is False and not entry.state.exists:
            raise Refused("NOT_FOUND", f"there is no {aggregate.name.replace('_', ' ')} {context.id}", id=context.id)
        if envelope.expected_version is not None and envelope.expected_version != entry.version:
            raise Refused(
                "VERSION_CONFLICT",
                f"{stream_id} is at version {entry.version}, not {envelope.expected_version}",
                version=entry.version,
            )
        decided = list(decision.decide(entry.state, envelope.command, context))
        appender = Appender(session, states, self.vault, envelope, context, stream_id)
        return appender.append(decided, fingerprint, keep)

    def _require_tenant(self, envelope: Envelope, context: DecisionContext) -> None:
        tenant = context.state("tenant", envelope.tenant_id)
        if not tenant.exists:
            if type(envelope.command).__name__ != "RegisterTenant":
                raise Refused("NOT_FOUND", "there is no such tenant")
        elif tenant.status == "suspended":
            raise Refused("TENANT_SUSPENDED", f"{envelope.tenant_id} is suspended")


def _fingerprint(envelope: Envelope) -> str:
    """What must be equal for two commands with one id to be the same command."""
    name = type(envelope.command).__name__
    return sha256(canonical_json([name, envelope.aggregate_id, envelope.command])).hexdigest()


def _again(envelope: Envelope, fingerprint: str, logged_fingerprint: str, logged_ack: str) -> Ack:
    if fingerprint != logged_fingerprint:
        raise Refused("IDEMPOTENCY_CONFLICT", "this command id was used before for another command")
    ack = _ACK.decode(logged_ack)
    return ack if ack.status == "rejected" else msgspec.structs.replace(ack, status="duplicate")


def _rejected(command_id: str, refusal: Refused) -> Ack:
    error = ErrorBody(
        code=refusal.code,
        message=refusal.message,
        details={name: value for name, value in refusal.details.items() if value is not None},
        retryable=refusal.retryable,
    )
    return Ack(status="rejected", command_id=command_id, error=error)


def _occurred_at(envelope: Envelope, now: datetime) -> datetime:
    """R-CMD-6: an offline client's own time counts when it is at most a day old and not ahead of us."""
    at = envelope.client_recorded_at
    if at is None:
        return envelope.issued_at
    if not now - OFFLINE_PAST <= at <= now + OFFLINE_FUTURE:
        raise Refused("CLOCK_SKEW", "client_recorded_at must lie between 24 h ago and 2 min from now")
    return at
