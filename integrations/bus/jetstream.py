"""One connection to a JetStream, for threads without asyncio. Whatever breaks it, the next call begins anew.

The client's own reconnecting is off: it would keep messages of a call that was given up and send them later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js import JetStreamContext
from nats.js.api import Header, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from event_store.subscriptions.subscription import Unavailable
from integrations.background import LoopThread

_LOG = logging.getLogger(__name__)
# Long enough for a busy disk; a server that is gone is seen at once, by the connection.
ANSWER_SECONDS = 5.0
CALL_SECONDS, _GOODBYE_SECONDS = 15.0, 1.0
# A server that the network has swallowed is noticed after two unanswered pings.
_PING_SECONDS = 5
# The server's "message size exceeds maximum allowed".
_TOO_LARGE = 10054


class Message(NamedTuple):
    """`id`: under which the server leaves out what it has within its window."""

    subject: str
    id: str
    body: bytes
    content_type: str


class StreamWishes(NamedTuple):
    """What must hold of the stream. Whatever else an operator has set on it stays."""

    name: str
    subjects: Sequence[str]
    keep_seconds: float
    window_seconds: float


class JetStream:
    """Call it from one thread at a time."""

    def __init__(self, servers: Sequence[str], wishes: StreamWishes, credentials: Path | None = None) -> None:
        self._servers = list(servers)
        self._wishes = wishes
        self._credentials = str(credentials) if credentials else None
        self._background = LoopThread("jetstream")
        self._client: Client | None = None
        self._lost = asyncio.Event()

    def publish(self, messages: Sequence[Message]) -> dict[str, str]:
        """Returns when each is stored by the server, but those that it will never take: id -> why.

        They may be stored in any order. `Unavailable` when one of the others is not; then any of them may be stored.
        """
        return self._background.run(self._publish(messages))

    def close(self) -> None:
        self._background.run(self._disconnect())
        self._background.close()

    async def _publish(self, messages: Sequence[Message]) -> dict[str, str]:
        try:
            # The client awaits some things of a connection that has just died without a limit of its own.
            async with asyncio.timeout(CALL_SECONDS):
                stream = await self._connected()
                outcomes = await self._unless_lost([_one(stream, message) for message in messages])
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
        except (TimeoutError, NatsError, OSError) as error:
            await self._disconnect()
            raise Unavailable(f"NATS: {type(error).__name__} {error}".strip()) from error
        return {message.id: error for message, error in zip(messages, outcomes, strict=True) if isinstance(error, str)}

    async def _unless_lost(self, sending: list[Coroutine[Any, Any, str | None]]) -> list[str | BaseException | None]:
        """What becomes of them; an answer that cannot come any more is not waited for."""
        all_sent = asyncio.gather(*sending, return_exceptions=True)
        lost = asyncio.ensure_future(self._lost.wait())
        either: list[asyncio.Future[Any]] = [all_sent, lost]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not all_sent.done():
                raise ConnectionResetError("the connection was lost")
            return all_sent.result()
        finally:
            lost.cancel()
            all_sent.cancel()

    async def _connected(self) -> JetStreamContext:
        if self._client is not None and self._client.is_connected:
            return self._client.jetstream(timeout=ANSWER_SECONDS)
        await self._disconnect()
        lost = self._lost = asyncio.Event()

        async def on_closed() -> None:
            lost.set()

        self._client = await nats.connect(
            self._servers,
            name="mymedic-bus",
            allow_reconnect=False,
            connect_timeout=2,
            max_reconnect_attempts=1,  # of connecting at all: without it, it goes on for two minutes
            reconnect_time_wait=0,
            closed_cb=on_closed,
            ping_interval=_PING_SECONDS,
            error_cb=_noted,
            user_credentials=self._credentials,
        )
        stream = self._client.jetstream(timeout=ANSWER_SECONDS)
        await self._fulfil(stream)
        return stream

    async def _fulfil(self, stream: JetStreamContext) -> None:
        """Make the stream, or bring one that is there up to what is wished."""
        wishes = self._wishes
        try:
            found = (await stream.stream_info(wishes.name)).config
        except NotFoundError:
            await stream.add_stream(
                StreamConfig(
                    name=wishes.name,
                    description="Events of MyMedic. A copy: the log is the authority.",
                    subjects=list(wishes.subjects),
                    storage=StorageType.FILE,
                    max_age=wishes.keep_seconds,
                    duplicate_window=wishes.window_seconds,
                    allow_direct=True,
                )
            )
            return
        subjects = list(dict.fromkeys([*(found.subjects or []), *wishes.subjects]))
        wished = found.evolve(subjects=subjects, max_age=wishes.keep_seconds, duplicate_window=wishes.window_seconds)
        if wished != found:
            await stream.update_stream(wished)

    async def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(NatsError, OSError, asyncio.TimeoutError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await client.close()


async def _one(stream: JetStreamContext, message: Message) -> str | None:
    """None when it is stored, else why it never will be."""
    headers = {Header.MSG_ID.value: message.id, "Content-Type": message.content_type}
    try:
        await stream.publish(message.subject, message.body, headers=headers)
    except MaxPayloadError:
        return f"{len(message.body)} bytes are more than the server takes"
    except APIError as error:
        if error.err_code == _TOO_LARGE:
            return f"{len(message.body)} bytes are more than the stream takes"
        raise
    return None


async def _noted(error: Exception) -> None:
    """The client tells here what the next call finds out too."""
    _LOG.debug("NATS: %s", error)
