"""Who stands behind an `Authorization` header: the one question that every door of the API asks."""

from __future__ import annotations

import asyncio
from typing import Protocol

from msgspec import Struct

from mymedic.errors import Refused
from mymedic.messages import Actor

COSIGNER_HEADER = "X-Cosigner-Authorization"


class Bearer(Struct, frozen=True):
    """For whom a token or a key speaks."""

    tenant_id: str
    actor: Actor


class Credentials(Protocol):
    """One way to prove who one is."""

    def claims(self, token: str) -> bool:
        """Whether the token is of this kind; whether it is valid is another question."""

    def known(self, token: str) -> Bearer | None:
        """The bearer of a token that was verified before and is still good: costs microseconds."""

    def verified(self, token: str) -> Bearer:
        """The bearer, verified now; UNAUTHENTICATED when it is not valid. May take a disk, a network or 20 ms."""


class Identity:
    """The doors' only way to a bearer, whatever was shown. Safe to call from several threads."""

    def __init__(self, *credentials: Credentials) -> None:
        self._credentials = credentials

    def claims(self, token: str) -> bool:
        """Whether it looks like a token or a key at all."""
        return any(kind.claims(token) for kind in self._credentials)

    def bearer(self, authorization: str | None) -> Bearer:
        """Who stands behind an Authorization header; UNAUTHENTICATED when nobody does."""
        token, kind = self._of_kind(authorization)
        return kind.known(token) or kind.verified(token)

    async def bearer_soon(self, authorization: str | None) -> Bearer:
        """`bearer` for an event loop: what takes longer than a look-up happens on another thread."""
        token, kind = self._of_kind(authorization)
        found = kind.known(token)
        return found if found is not None else await asyncio.to_thread(kind.verified, token)

    async def cosigner_soon(self, authorization: str | None, beside: Bearer) -> Actor | None:
        """The second person of `X-Cosigner-Authorization`, if one signs; TENANT_MISMATCH for another tenant's."""
        if authorization is None:
            return None
        second = await self.bearer_soon(authorization)
        if second.tenant_id != beside.tenant_id:
            raise Refused("TENANT_MISMATCH", "who cosigns must be of the same tenant")
        return second.actor

    def _of_kind(self, authorization: str | None) -> tuple[str, Credentials]:
        scheme, _, rest = (authorization or "").partition(" ")
        token = rest.strip()
        if scheme.lower() == "bearer" and token and token.isascii():
            for kind in self._credentials:
                if kind.claims(token):
                    return token, kind
        raise unauthenticated("send `Authorization: Bearer <token>` with a token or a key of this installation")


def unauthenticated(message: str) -> Refused:
    """One code for every way of not being who one says; the message never repeats what was sent."""
    return Refused("UNAUTHENTICATED", message)
