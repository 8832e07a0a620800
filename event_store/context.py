"""The world as one decision sees it: `mymedic.deciding.Context` over the open write transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import Any

from event_store.causation import actors_behind
from event_store.ledger.reads import Reads
from event_store.retention.bodies import StoredBodies
from event_store.retention.keys import Vault
from event_store.states import States, stream_of
from mymedic.clock import INDIA, business_date, zone
from mymedic.errors import not_found
from mymedic.ids import IdFactory
from mymedic.messages import Envelope


class DecisionContext:
    """Reads other streams under the tenant's lock, so each is at its last version until the events are appended."""

    def __init__(
        self,
        envelope: Envelope,
        reads: Reads,
        states: States,
        vault: Vault,
        ids: IdFactory,
        now: datetime,
        occurred_at: datetime,
    ) -> None:
        self._reads = reads
        self._states = states
        self._vault = vault
        self._ids = ids
        self._ordinal = 0
        self.replacing: StoredBodies | None = None  # once the decision has asked for `bodies`
        self.made: set[str] = set()  # ids of this very decision: nothing can stand under them yet
        self.tenant_id = envelope.tenant_id
        self.id: str = ""
        self.command_id = envelope.command_id
        self.actor = envelope.actor
        self.cosigner = envelope.cosigner
        self.channel: str = envelope.channel
        self.now = now
        self.occurred_at = occurred_at

    @property
    def tz(self) -> timezone:
        tenant = self.state("tenant", self.tenant_id)
        return zone(tenant.tz) if tenant.exists else INDIA

    def today(self) -> date:
        return business_date(self.occurred_at, self.tz)

    def new_id(self, prefix: str) -> str:
        self._ordinal += 1
        made = self._ids.new(prefix, f"{self.tenant_id}/{self.command_id}", self._ordinal)
        self.made.add(made)
        return made

    def state(self, aggregate: str, id: str) -> Any:
        return self._load(stream_of(aggregate, id))

    def require(self, aggregate: str, id: str) -> Any:
        state = self.state(aggregate, id)
        if not state.exists:
            raise not_found(aggregate, id)
        return state

    def related(self, aggregate: str, kind: str, value: str) -> Sequence[Any]:
        if value in self.made:
            self._states.none_related(kind, value)
            return []
        prefix = stream_of(aggregate, "")
        return [
            self._load(stream_id)
            for stream_id in self._states.related(self._reads, kind, value)
            if stream_id.startswith(prefix)
        ]

    def holder(self, kind: str, value: str) -> str | None:
        found = self._reads.guard((self.tenant_id, kind, value))
        return found.holder if found else None

    def guard_detail(self, kind: str, value: str) -> str | None:
        found = self._reads.guard((self.tenant_id, kind, value))
        return found.detail if found else None

    def guards(self, kind: str, prefix: str) -> Sequence[str]:
        return [value for value, _, _ in self._reads.guards(self.tenant_id, kind, prefix)]

    def actors_behind(self, aggregate: str, id: str, event_type: str, **having: Any) -> frozenset[str]:
        return actors_behind(self._reads, self.tenant_id, stream_of(aggregate, id), event_type, having)

    def keyed_hash(self, text: str) -> str:
        return self._vault.keyed_hash(self.tenant_id, text)

    @property
    def bodies(self) -> StoredBodies:
        if self.replacing is None:
            self.replacing = StoredBodies(self._reads, self._vault, self.tenant_id, self._states.pasts)
        return self.replacing

    def _load(self, stream_id: str) -> Any:
        return self._states.get(self._reads, stream_id).state
