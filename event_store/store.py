"""Open the event store of an installation: ledger, keys, handler and feed, wired once."""

from __future__ import annotations

from dataclasses import dataclass

from event_store.catalogue import require_readable
from event_store.feed import Feed
from event_store.handle import Handler
from event_store.ledger import Ledger, open_ledger
from event_store.past import Pasts
from event_store.retention.destruction import settle
from event_store.retention.keys import Vault, open_vault
from mymedic.clock import Clock, SystemClock
from mymedic.ids import IdFactory, UlidFactory
from mymedic.settings import Settings


@dataclass(frozen=True, slots=True)
class Store:
    """The truth of one installation, open. Close it when done."""

    ledger: Ledger
    vault: Vault
    handler: Handler
    feed: Feed

    def close(self) -> None:
        self.ledger.close()
        self.vault.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def assemble(ledger: Ledger, vault: Vault, clock: Clock, ids: IdFactory) -> Store:
    """What was condemned when the last process ended is settled first."""
    require_readable()
    if vault.has_condemned:
        settle(ledger, vault, clock)
    return Store(ledger, vault, Handler(ledger, vault, clock, ids), Feed(ledger, Pasts(ledger, vault.keyed_hash)))


def open_store(settings: Settings, clock: Clock | None = None, ids: IdFactory | None = None) -> Store:
    """The store under `settings.home`; the clock and the ids are the machine's unless others are given."""
    clock = clock or SystemClock()
    ledger = open_ledger(settings.event_store_url)
    return assemble(ledger, open_vault(settings), clock, ids or UlidFactory(clock))
