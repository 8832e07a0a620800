"""What the routes of the live views work with, and one consistent look at a view."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from event_store.retention.identity import View, require_tenant
from event_store.store import Store
from mymedic.clock import zone
from mymedic.errors import Refused
from mymedic.identity import IdentityLookup
from projections.api.query import Now
from projections.database import ReadDatabase, Reader
from projections.projection import Projection
from projections.reconciled import PublishedItems


class Listening(NamedTuple):
    """Seconds between signs of life on a quiet stream, and after which a stream ends; who listens comes again."""

    heartbeat: float = 15.0
    longest: float = 600.0


@dataclass(frozen=True)
class Views:
    """The read database beside the truth, the one door to names, and what only the published warehouse knows."""

    database: ReadDatabase
    store: Store
    people: IdentityLookup
    published: PublishedItems
    listening: Listening = field(default_factory=Listening)

    @contextmanager
    def truth(self, tenant_id: str) -> Iterator[tuple[View, Now]]:
        """The log beside its writer, and the present moment; TENANT_SUSPENDED for a tenant that may not ask."""
        handler = self.store.handler
        with handler.ledger.read() as reads:
            view = View(reads, handler.pasts, tenant_id)
            require_tenant(view)
            yield view, Now(handler.clock.now(), zone(view.state("tenant", tenant_id).tz))

    def seq(self, tenant_id: str, projection: Projection) -> int:
        """How far the view that is read has come."""
        with self.database.read(tenant_id) as reader:
            return standing(reader, projection)[1]


def standing(reader: Reader, projection: Projection) -> tuple[int, int]:
    """(generation, seq) of what is read; (0, 0) before the first event was folded."""
    live = reader.live(projection.name)
    return (live.generation, live.seq) if live else (0, 0)


def not_yet(projection: Projection, wanted: int, seq: int) -> Refused:
    return Refused(
        "NOT_YET_VISIBLE",
        f"the view has everything up to seq {seq}; ask again for seq {wanted}",
        view=projection.name,
        after_seq=wanted,
        as_of_seq=seq,
    )
