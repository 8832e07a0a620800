"""Whom this installation believes: API keys, the identity provider of its settings, in development its own issuer."""

from __future__ import annotations

from event_store.api.api_keys import ApiKeys
from event_store.api.identity import Identity
from event_store.api.jwks import Jwks
from event_store.api.jwt import Jwts, Provider
from event_store.api.local_issuer import LocalIssuer
from mymedic.clock import Clock
from mymedic.errors import Refused
from mymedic.settings import Settings


def api_keys_of(settings: Settings, clock: Clock) -> ApiKeys:
    return ApiKeys(settings.resolved_home / "keys" / "api", clock)


def identity_of(settings: Settings, clock: Clock) -> Identity:
    """What a server asks who a caller is. In production, refuses to be without an outside identity provider."""
    providers = []
    if settings.jwks is not None and settings.jwt_issuer is not None:
        keys = Jwks(settings.jwks)
        providers.append(Provider(settings.jwt_issuer, settings.jwt_audience, keys, settings.jwt_claim_prefix))
    elif settings.jwks is not None or settings.jwt_issuer is not None:
        raise Refused("VALIDATION_FAILED", "MYMEDIC_JWT_ISSUER and MYMEDIC_JWKS belong together", field="jwks")
    if settings.mode == "development" or not providers:
        providers.append(LocalIssuer(settings, clock).provider())
    return Identity(api_keys_of(settings, clock), Jwts(clock, *providers))
