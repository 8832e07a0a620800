"""The gRPC server, on loopback, in the event loop of the HTTP server and behind the same committer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import grpc
import msgspec
from msgspec import Struct

from event_store.api.asking import About, envelope_of, instant
from event_store.api.identity import COSIGNER_HEADER, Bearer, Identity
from event_store.api.limits import RateLimits
from event_store.api.problems import BUG, error_of
from event_store.api.reading import unreadable
from event_store.api.rpc.feed import follow
from event_store.api.rpc.refusals import status_of, trailing
from event_store.api.rpc.schema import COMMANDS_SERVICE, FEED_SERVICE, Schema, schema
from event_store.api.rpc.translate import command_of, filled
from event_store.api.watching import Seen, Watch
from event_store.authorise import as_granted
from event_store.committer import GroupCommitter
from event_store.store import Store
from mymedic.errors import Refused
from mymedic.messages import Actor, ErrorBody

_LOG = logging.getLogger(__name__)
# What is longer than ours but not than gRPC's own limit is refused with our code.
_ROOM_ABOVE = 1024 * 1024
_GRACE_SECONDS = 1.0
_ABOUT = {
    "idempotency-key": "command_id",
    "x-aggregate-id": "aggregate_id",
    "x-correlation-id": "correlation_id",
    "x-causation-id": "causation_id",
    "x-channel": "channel",
    "x-tenant-id": "tenant_id",
}


class Desk(Struct, frozen=True, kw_only=True):
    """What the doors of one server share."""

    store: Store
    identity: Identity
    committer: GroupCommitter
    watch: Watch
    limits: RateLimits | None
    body_limit: int


@asynccontextmanager
async def rpc_server(desk: Desk, port: int) -> AsyncIterator[int]:
    """Serves as long as the block runs; gives the port, which is a free one when 0 is asked for."""
    limit = desk.body_limit + _ROOM_ABOVE
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", limit)])
    doors = _Doors(desk, schema())
    server.add_generic_rpc_handlers((doors.commands(), doors.feed()))
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield bound
    finally:
        await server.stop(_GRACE_SECONDS)


class _Doors:
    def __init__(self, desk: Desk, schema: Schema) -> None:
        self._desk = desk
        self._schema = schema

    def commands(self) -> grpc.GenericRpcHandler:
        methods = {name: grpc.unary_unary_rpc_method_handler(self._submitting(name)) for name in self._schema.commands}
        return grpc.method_handlers_generic_handler(COMMANDS_SERVICE, methods)

    def feed(self) -> grpc.GenericRpcHandler:
        methods = {"Follow": grpc.unary_stream_rpc_method_handler(self._follow)}
        return grpc.method_handlers_generic_handler(FEED_SERVICE, methods)

    def _submitting(self, name: str) -> Any:
        async def submit(body: bytes, context: Any) -> bytes:
            said, answer = _said(context), b""
            with self._watched(name, said) as call:
                answer = await self._submit(name, body, said, call.seen)
            await self._end(context, call)
            return answer

        return submit

    async def _submit(self, name: str, body: bytes, said: dict[str, str], seen: Seen) -> bytes:
        desk = self._desk
        bearer, cosigner = await self._asker(said, seen)
        if len(body) > desk.body_limit:
            raise Refused("BODY_TOO_LARGE", "longer than any command")
        command = command_of(self._schema, name, body)
        envelope = envelope_of(command, _about(said), bearer, desk.store.handler.clock, cosigner)
        ack = await desk.committer.handle(envelope)
        seen.answered(ack)
        if ack.error is not None:
            raise _Rejected(ack.error)
        answer = {field: getattr(ack, field) for field in self._schema.message("Ack").DESCRIPTOR.fields_by_name}
        return filled(self._schema, "Ack", answer).SerializeToString()

    async def _follow(self, body: bytes, context: Any) -> AsyncIterator[bytes]:
        said = _said(context)
        with self._watched("Follow", said) as call:
            await self._asker(said, call.seen)
            call.seen.outcome = "followed"
            async for event in follow(self._schema, self._desk.store.feed, partial(self._reader, said), body):
                yield event
        await self._end(context, call)

    async def _reader(self, said: dict[str, str]) -> Bearer:
        """Who reads, with no more than the log grants them."""
        bearer = await self._desk.identity.bearer_soon(said.get("authorization"))
        actor, handler = bearer.actor, self._desk.store.handler
        if actor.type != "user":
            return bearer
        staff = await asyncio.to_thread(handler.state, bearer.tenant_id, "staff", actor.id)
        return Bearer(bearer.tenant_id, as_granted(actor, staff))

    async def _asker(self, said: dict[str, str], seen: Seen) -> tuple[Bearer, Actor | None]:
        identity, limits = self._desk.identity, self._desk.limits
        bearer = await identity.bearer_soon(said.get("authorization"))
        seen.tenant_id = bearer.tenant_id
        if limits is not None:
            limits.charge(bearer)
        return bearer, await identity.cosigner_soon(said.get(COSIGNER_HEADER.lower()), bearer)

    @contextmanager
    def _watched(self, name: str, said: dict[str, str]) -> Iterator[_Call]:
        """Around a call: what ends it is kept for `_end`, because gRPC ends a call by an exception of its own."""
        with self._desk.watch.request("grpc", name, said.get("x-request-id"), said) as seen:
            call = _Call(seen=seen)
            try:
                yield call
            except _Rejected as rejection:
                call.error = rejection.error
            except Refused as refusal:
                call.error = error_of(refusal)
                seen.outcome, seen.code = "refused", refusal.code
            except Exception as error:
                # Nobody outside learns what it was; the log does.
                _LOG.error("%s over gRPC failed", name, exc_info=error)
                seen.outcome, call.is_bug = "failed", True

    async def _end(self, context: Any, call: _Call) -> None:
        if call.is_bug:
            await context.abort(grpc.StatusCode.INTERNAL, BUG)
        if call.error is not None:
            await context.abort(status_of(call.error.code), call.error.message, trailing(self._schema, call.error))


class _Call(Struct, kw_only=True):
    """One call, and what ended it before its answer."""

    seen: Seen
    error: ErrorBody | None = None
    is_bug: bool = False


class _Rejected(Exception):
    """A command was decided against."""

    def __init__(self, error: ErrorBody) -> None:
        super().__init__(error.code)
        self.error = error


def _said(context: Any) -> dict[str, str]:
    """The call's metadata; what is binary is nothing that is read here."""
    return {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}


def _about(said: dict[str, str]) -> About:
    """The same words as over HTTP, as metadata."""
    fields: dict[str, Any] = {field: said[word] for word, field in _ABOUT.items() if word in said}
    if "if-match" in said:
        version = said["if-match"].strip('"')
        is_number = version.isascii() and version.isdigit() and len(version) <= 9
        fields["expected_version"] = int(version) if is_number else version
    fields["client_recorded_at"] = instant(said.get("x-client-recorded-at"), "client_recorded_at")
    try:
        return msgspec.convert(fields, About)
    except msgspec.ValidationError as error:
        raise unreadable(error) from error
