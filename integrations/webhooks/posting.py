"""Requests to targets that nobody trusts: within a time, no redirect followed, little of the answer read."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import httpx

from integrations.background import LoopThread
from integrations.webhooks.addresses import Reach
from mymedic.errors import Refused

# From the name's resolution to the answer's head; a target has no more time, however it spends it.
SECONDS = 15.0
# Read so that a connection can be used again; whoever sends more loses the connection.
_BODY_LIMIT = 16 * 1024
_AGENT = "MyMedic-Webhooks/1"


class Post(NamedTuple):
    url: str
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """`status` 0: there was none, and `error` says why. `retry_after`: seconds that it asked for."""

    status: int
    retry_after: float = 0.0
    error: str = ""


class Poster:
    """Posts from any thread. Connections are kept per endpoint, so that no target meets another one's names."""

    def __init__(self, reach: Reach, seconds: float = SECONDS, tls: ssl.SSLContext | None = None) -> None:
        self._reach = reach
        self._seconds = seconds
        self._tls = tls or ssl.create_default_context()
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._background = LoopThread("webhooks")

    def require(self, url: str) -> None:
        """VALIDATION_FAILED when the URL may not be called, as far as that can be seen now."""
        self._reach.require(url)

    def send(self, endpoint_id: str, posts: Sequence[Post]) -> list[Answer]:
        """All at once."""
        return self._background.run(self._send_all(endpoint_id, posts))

    def forget(self, endpoint_id: str) -> None:
        """Its connections are not needed any more."""
        client = self._clients.pop(endpoint_id, None)
        if client is not None:
            self._background.run(client.aclose())

    def close(self) -> None:
        self._background.run(self._close_clients())
        self._background.close()

    async def _close_clients(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def _send_all(self, endpoint_id: str, posts: Sequence[Post]) -> list[Answer]:
        client = self._clients.get(endpoint_id)
        if client is None:
            # Not by a proxy of the environment: that one would resolve the name again.
            client = self._clients[endpoint_id] = httpx.AsyncClient(
                verify=self._tls, trust_env=False, follow_redirects=False, timeout=self._seconds
            )
        return list(await asyncio.gather(*(self._answer(client, post) for post in posts)))

    async def _answer(self, client: httpx.AsyncClient, post: Post) -> Answer:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._sent(client, post)
        except TimeoutError:
            return Answer(0, error=f"no answer within {self._seconds:g} s")
        except (httpx.HTTPError, OSError, Refused) as error:
            return Answer(0, error=f"{type(error).__name__}: {error}")

    async def _sent(self, client: httpx.AsyncClient, post: Post) -> Answer:
        parts = self._reach.require(post.url)
        url = httpx.URL(post.url)
        address = await self._reach.address_of(parts)
        request = client.build_request(
            "POST",
            url.copy_with(host=address),
            headers={**post.headers, "host": url.netloc.decode(), "user-agent": _AGENT},
            content=post.body,
            extensions={"sni_hostname": parts.hostname},
        )
        response = await client.send(request, stream=True)
        try:
            size = 0
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > _BODY_LIMIT:
                    break
        finally:
            await response.aclose()
        return Answer(response.status_code, _seconds(response.headers.get("retry-after", "")))


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0.0
