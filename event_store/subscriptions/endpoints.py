"""Where tenants want to be told of their events: addresses, what of it, secrets, and whether it works."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Literal

import msgspec
from msgspec import Struct

from event_store.catalogue import AGGREGATES, EVENTS
from event_store.ledger.endpoints import EndpointRow, endpoint, endpoints, forget_endpoint, put_endpoint
from event_store.ledger.session import Ledger, Session
from event_store.retention.keys import Vault
from mymedic.clock import Clock, from_micros, micros
from mymedic.errors import Refused, not_found
from mymedic.ids import IdFactory

State = Literal["enabled", "disabled"]
# Failures in a row. With the waits between them, a target has some thirteen hours to come back.
DISABLED_AFTER = 24
# One to sign with and one that it replaces, which receivers may still be holding.
SECRETS_KEPT = 2
_TYPES = msgspec.json.Decoder(tuple[str, ...])
_SECRETS = msgspec.json.Decoder(tuple[str, ...])


class Endpoint(Struct, frozen=True, kw_only=True):
    """`event_types`: `PaymentCaptured`, `payment.*`; none means all. `failures`: in a row, up to now."""

    tenant_id: str
    endpoint_id: str
    url: str
    event_types: tuple[str, ...]
    state: State
    failures: int
    last_error: str | None
    created_at: datetime
    changed_at: datetime

    @property
    def consumer(self) -> str:
        return f"webhook:{self.endpoint_id}"

    def wants(self, aggregate: str, event_type: str) -> bool:
        return not self.event_types or event_type in self.event_types or f"{aggregate}.*" in self.event_types


class Endpoints:
    """Kept beside the log. Secrets are sealed under the tenant's keys."""

    def __init__(self, ledger: Ledger, vault: Vault, clock: Clock, ids: IdFactory) -> None:
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self._ids = ids

    def list(self) -> list[Endpoint]:
        """Of every tenant."""
        with self._ledger.read() as reads:
            return [_endpoint(row) for row in endpoints(reads)]

    def add(self, tenant_id: str, url: str, event_types: Sequence[str], secret: str, from_seq: int) -> Endpoint:
        """It is told what comes after `from_seq`."""
        for name in event_types:
            if name not in EVENTS and name.removesuffix(".*") not in AGGREGATES:
                raise Refused("VALIDATION_FAILED", f"there is no event {name}", field="event_types", value=name)
        id, now = self._ids.new("whk", "", 0), micros(self._clock.now())
        types = msgspec.json.encode(event_types).decode()
        row = EndpointRow(
            tenant_id, id, url, types, self._sealed(tenant_id, id, [secret]), "enabled", 0, None, now, now
        )
        with self._ledger.write() as session:
            put_endpoint(session, row)
            session.set_checkpoint(tenant_id, _endpoint(row).consumer, from_seq)
        return _endpoint(row)

    def secrets(self, tenant_id: str, endpoint_id: str) -> tuple[str, ...]:
        """The present one, then the one before."""
        with self._ledger.read() as reads:
            row = endpoint(reads, tenant_id, endpoint_id)
        if row is None:
            raise not_found("webhook endpoint", endpoint_id)
        return self._opened(row)

    def rotate(self, tenant_id: str, endpoint_id: str, secret: str) -> Endpoint:
        """Sign with a new secret, and with the one before as well until the next time."""

        def rotated(row: EndpointRow) -> EndpointRow:
            kept = [secret, *self._opened(row)][:SECRETS_KEPT]
            return row._replace(secrets=self._sealed(tenant_id, endpoint_id, kept))

        return self._changed(tenant_id, endpoint_id, rotated)

    def enable(self, tenant_id: str, endpoint_id: str) -> Endpoint:
        """From where it stood: nothing is left out."""
        return self._changed(
            tenant_id, endpoint_id, lambda row: row._replace(state="enabled", failures=0, last_error=None)
        )

    def disable(self, tenant_id: str, endpoint_id: str, why: str) -> Endpoint:
        return self._changed(tenant_id, endpoint_id, lambda row: row._replace(state="disabled", last_error=why))

    def failed(self, tenant_id: str, endpoint_id: str, error: str, disabled_after: int = DISABLED_AFTER) -> Endpoint:
        """Note a failure; one too many disables it."""

        def failing(row: EndpointRow) -> EndpointRow:
            failures = row.failures + 1
            state = "disabled" if failures >= disabled_after else row.state
            return row._replace(failures=failures, last_error=error, state=state)

        return self._changed(tenant_id, endpoint_id, failing)

    def succeeded(self, one: Endpoint) -> None:
        """Note that it works, if it did not."""
        if one.failures:
            self._changed(one.tenant_id, one.endpoint_id, lambda row: row._replace(failures=0, last_error=None))

    def remove(self, tenant_id: str, endpoint_id: str) -> None:
        with self._ledger.write() as session:
            row = self._row(session, tenant_id, endpoint_id)
            forget_endpoint(session, tenant_id, endpoint_id, _endpoint(row).consumer)

    def _changed(self, tenant_id: str, endpoint_id: str, change: Callable[[EndpointRow], EndpointRow]) -> Endpoint:
        with self._ledger.write() as session:
            row = change(self._row(session, tenant_id, endpoint_id))._replace(changed_at=micros(self._clock.now()))
            put_endpoint(session, row)
        return _endpoint(row)

    def _row(self, session: Session, tenant_id: str, endpoint_id: str) -> EndpointRow:
        row = endpoint(session, tenant_id, endpoint_id)
        if row is None:
            raise not_found("webhook endpoint", endpoint_id)
        return row

    def _sealed(self, tenant_id: str, endpoint_id: str, secrets: Sequence[str]) -> bytes:
        clear = msgspec.json.encode(secrets)
        sealed = self._vault.seal(tenant_id, _subject(endpoint_id), endpoint_id, clear, sha256(clear).hexdigest())
        assert sealed is not None  # nobody erases an endpoint
        return sealed[1]

    def _opened(self, row: EndpointRow) -> tuple[str, ...]:
        clear = self._vault.open(row.tenant_id, _subject(row.endpoint_id), row.endpoint_id, row.secrets)
        if clear is None:
            raise Refused("STORE_UNAVAILABLE", f"the key of {row.endpoint_id} is not in the file of keys")
        return _SECRETS.decode(clear)


def _subject(endpoint_id: str) -> str:
    return f"webhook:{endpoint_id}"


def _endpoint(row: EndpointRow) -> Endpoint:
    return Endpoint(
        tenant_id=row.tenant_id,
        endpoint_id=row.endpoint_id,
        url=row.url,
        event_types=_TYPES.decode(row.event_types),
        state=row.state,  # type: ignore[arg-type]
        failures=row.failures,
        last_error=row.last_error,
        created_at=from_micros(row.created_at),
        changed_at=from_micros(row.changed_at),
    )
