"""An issuer of tokens for development, with a key of its own making; never for a server that faces people."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from event_store.api.jwks import PublicKey
from event_store.api.jwt import Provider, numeric_date
from event_store.secret_file import secret_at
from mymedic.clock import Clock
from mymedic.errors import Refused
from mymedic.ids import UlidFactory
from mymedic.messages import Actor
from mymedic.settings import Settings

ISSUER = "urn:mymedic:local"
LIFETIME = timedelta(hours=12)
_KID = "local"


class LocalIssuer:
    """Signs with Ed25519. The key lies beside the other keys and is made when it is first needed."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        if settings.mode == "production":
            raise Refused(
                "FORBIDDEN",
                "the built-in issuer is for development; in production tokens come from the identity provider"
                " that MYMEDIC_JWT_ISSUER and MYMEDIC_JWKS name",
            )
        self._key = _key_at(settings.resolved_home / "keys" / "issuer.jwk")
        self._audience = settings.jwt_audience
        self._clock = clock

    def issue(self, tenant_id: str, actor: Actor, lifetime: timedelta = LIFETIME) -> str:
        """A token that speaks for an actor of a tenant until its lifetime is over."""
        now = self._clock.now()
        named = {
            "actor_type": actor.type,
            "branch_scope": actor.branch_scope,
            "practitioner_id": actor.practitioner_id,
            "patient_id": actor.patient_id,
            "on_behalf_of": actor.on_behalf_of,
        }
        claims = {
            "iss": ISSUER,
            "aud": self._audience,
            "sub": actor.id,
            "iat": numeric_date(now),
            "nbf": numeric_date(now),
            "exp": numeric_date(now + lifetime),
            "jti": UlidFactory(self._clock).new("tok", "", 0),
            "tenant_id": tenant_id,
            "roles": actor.roles,
            **{name: value for name, value in named.items() if value is not None},
        }
        return jwt.encode({"alg": "Ed25519", "kid": _KID}, claims, self._key, algorithms=["Ed25519"])

    def provider(self) -> Provider:
        """What believes these tokens."""
        return Provider(ISSUER, self._audience, self)

    def generation(self) -> int:
        return 1

    def key(self, kid: str) -> PublicKey | None:
        return self._key if kid == _KID else None


def _key_at(path: Path) -> OKPKey:
    secret = secret_at(path, lambda: json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=True)).encode())
    try:
        return OKPKey.import_key(json.loads(secret))
    except (ValueError, JoseError) as error:
        raise Refused(
            "STORE_UNAVAILABLE",
            "the key that signs tokens is damaged; remove it, and a new one is made (tokens of the old one end)",
            file=str(path),
        ) from error
