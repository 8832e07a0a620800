"""JSON Web Tokens of identity providers: verified, and read as a tenant and an actor."""

from __future__ import annotations

import base64
import binascii
import json
import warnings
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey
from msgspec import Meta, Struct

from event_store.api.identity import Bearer, unauthenticated
from event_store.api.jwks import KeySource, PublicKey
from event_store.api.remembered import Remembered
from mymedic.clock import Clock
from mymedic.messages import Actor, ActorType, Id

# An hour-long session must not fail because two clocks differ by seconds.
LEEWAY_SECONDS = 30
LONGEST_TOKEN = 8192

ClaimedRole = Literal["PP", "DR", "FD", "FN", "CM", "AU", "EN", "IN"]  # SY is the product's own


class Claims(Struct, frozen=True):
    """What a token must say of its bearer beside the registered claims. Unknown claims are left alone.

    Without `branch_scope` no branch is in reach: a provider that says nothing must not open all of them.
    """

    sub: str
    tenant_id: Annotated[str, Meta(pattern=r"^ten_[a-z0-9_]{1,32}(?!\n)$")]
    roles: Annotated[tuple[ClaimedRole, ...], Meta(min_length=1, max_length=8)]
    actor_id: Id | None = None
    actor_type: Literal["user", "patient", "integration"] | None = None
    branch_scope: Literal["*"] | Annotated[tuple[Id, ...], Meta(max_length=500)] = ()
    practitioner_id: Id | None = None
    patient_id: Id | None = None
    on_behalf_of: Id | None = None


class Provider(NamedTuple):
    """Whose tokens are believed: `issuer` and `audience` must stand in them exactly."""

    issuer: str
    audience: str
    keys: KeySource
    prefix: str = ""  # before our claims' names, for providers that ask for a namespace


class _Verified(NamedTuple):
    bearer: Bearer
    not_before: float
    expires: float
    provider: Provider
    generation: int | None


class Jwts:
    """Tokens of one or more providers. RS256, ES256 and EdDSA, each only with a key of its own kind."""

    def __init__(self, clock: Clock, *providers: Provider) -> None:
        self._clock = clock
        self._providers = {provider.issuer: provider for provider in providers}
        self._verified: Remembered[_Verified] = Remembered()

    def claims(self, token: str) -> bool:
        return token.count(".") == 2

    def known(self, token: str) -> Bearer | None:
        found = self._verified.get(token)
        now = self._clock.now().timestamp()
        if found is None or found.generation is None or found.generation != found.provider.keys.generation():
            return None
        return found.bearer if found.not_before <= now < found.expires else None

    def verified(self, token: str) -> Bearer:
        if len(token) > LONGEST_TOKEN:
            raise unauthenticated("the token is longer than any of ours")
        header, said = _part(token, 0), _part(token, 1)
        issuer = said.get("iss")
        provider = self._providers.get(issuer) if isinstance(issuer, str) else None
        if provider is None:
            raise unauthenticated("nobody here believes the token's issuer")
        kid = header.get("kid")
        key = provider.keys.key(kid) if isinstance(kid, str) else None
        generation = provider.keys.generation()
        if key is None:
            raise unauthenticated("the token names no key of its issuer")
        claims = self._claims(token, key, provider)
        bearer = _bearer(claims, provider.prefix)
        not_before = float(claims.get("nbf", 0)) - LEEWAY_SECONDS
        expires = float(claims["exp"]) + LEEWAY_SECONDS
        self._verified.keep(token, _Verified(bearer, not_before, expires, provider, generation))
        return bearer

    def _claims(self, token: str, key: PublicKey, provider: Provider) -> dict[str, Any]:
        registry = jwt.JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SecurityWarning)  # EdDSA has a new name; providers use the old one
                # The key decides the algorithm, never the token: neither `none` nor HS256 with a public key gets by.
                decoded = jwt.decode(token, key, algorithms=_algorithms(key))
            registry.validate(decoded.claims)
        except ExpiredTokenError as error:
            raise unauthenticated("the token has expired") from error
        except (JoseError, ValueError, TypeError) as error:  # TypeError: a header's value is of another kind
            raise unauthenticated("the token is not valid here") from error
        return decoded.claims


def actor_of(claims: Claims) -> Actor:
    """The actor that verified claims describe."""
    kind: ActorType = claims.actor_type or _type_of(claims.roles)
    return Actor(
        type=kind,
        id=claims.actor_id or msgspec.convert(claims.sub, Id),
        roles=claims.roles,
        branch_scope=claims.branch_scope,
        practitioner_id=claims.practitioner_id,
        patient_id=claims.patient_id,
        on_behalf_of=claims.on_behalf_of,
    )


def _type_of(roles: tuple[ClaimedRole, ...]) -> Literal["user", "patient", "integration"]:
    if "IN" in roles:
        return "integration"
    return "patient" if roles == ("PP",) else "user"


def _bearer(claims: dict[str, Any], prefix: str) -> Bearer:
    ours = {name: claims[prefix + name] for name in Claims.__struct_fields__ if prefix + name in claims}
    try:
        read = msgspec.convert({**ours, "sub": claims["sub"]}, Claims)
        return Bearer(read.tenant_id, actor_of(read))
    except msgspec.ValidationError as error:
        raise unauthenticated(f"the token's claims do not say who it is: {error}") from error


def _algorithms(key: PublicKey) -> list[str]:
    if isinstance(key, OKPKey):
        return ["EdDSA", "Ed25519"]
    return ["ES256"] if isinstance(key, ECKey) else ["RS256"]


def _part(token: str, index: int) -> dict[str, Any]:
    """A part of a token that nobody has verified yet: good for finding the issuer and the key, for nothing else."""
    text = token.split(".")[index]
    try:
        part = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise unauthenticated("the token is not a JSON Web Token") from error
    if not isinstance(part, dict):
        raise unauthenticated("the token is not a JSON Web Token")
    return part


def numeric_date(at: datetime) -> int:
    return int(at.timestamp())
