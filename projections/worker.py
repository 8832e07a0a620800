"""Keeps the live projections of all tenants whose leases this process has, and rebuilds what has to be rebuilt."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import NamedTuple

from event_store.feed import Feed
from event_store.store import Store
from event_store.subscriptions.backoff import BackOff, Jitter
from event_store.subscriptions.leases import Leases
from event_store.subscriptions.parking import WORKER, ParkingLog
from event_store.subscriptions.standing import Standing
from mymedic.clock import Clock
from mymedic.errors import Refused
from mymedic.settings import Settings
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import ReadDatabase, open_read_database
from projections.generations import Helpers, OnProgress, Rebuilt, prune, rebuild
from projections.keeper import Keeper
from projections.parking import LiveParking, consumer_of
from projections.projection import Projection
from projections.rebuilding import Rebuilds
from projections.sharing import Sharing

_LOG = logging.getLogger(__name__)
CONSUMER = "live"
# How often is looked for decisions about parked streams, and for generations whose time is over.
LOOKED_AFTER_EVERY = timedelta(seconds=1)


class Live(NamedTuple):
    """The live views of an installation, open."""

    feed: Feed
    database: ReadDatabase
    clock: Clock
    parking: LiveParking
    projections: Sequence[Projection] = PROJECTIONS
    helpers: Helpers | None = None

    def keeper(self) -> Keeper:
        return Keeper(self.feed, self.database, self.clock, self.projections, self.parking.left_out)

    def rebuild(
        self, tenant_id: str, names: Sequence[str] = (), on_progress: OnProgress = lambda seq, until: None
    ) -> list[Rebuilt]:
        """Rebuild the named projections, or all of them; see `projections.generations.rebuild`."""
        wanted = [one for one in self.projections if not names or one.name in names]
        parked = self.parking.of(tenant_id)
        left_out = self.parking.left_out
        done = rebuild(
            self.feed, self.database, self.clock, tenant_id, wanted, left_out, on_progress, helpers=self.helpers
        )
        still = {(one.consumer, one.stream_id) for one in self.parking.of(tenant_id)}
        rebuilt = {consumer_of(each.projection) for each in done}
        for one in parked:
            if one.consumer in rebuilt and (one.consumer, one.stream_id) not in still:
                self.parking.log.note(one, "resumed", WORKER, f"rebuilt after {one.state}")
        return done

    def standings(self) -> list[Standing]:
        """How far each projection of each tenant is behind, for the metrics."""
        found = []
        now = self.clock.now()
        for tenant_id, head in self.feed.heads():
            with self.database.read(tenant_id) as reader:
                live = [one for one in reader.checkpoints() if one.state == "live"]
            waiting = self.parking.of(tenant_id)
            since = {seq: self.feed.waits_since(tenant_id, seq) for seq in {one.seq for one in live}}
            for one in live:
                name = consumer_of(one.projection)
                parked = sum(parked.consumer == name for parked in waiting)
                waited = (now - at).total_seconds() if (at := since[one.seq]) is not None else 0.0
                found.append(Standing(tenant_id, name, head - one.seq, max(0.0, waited), parked))
        return found


def open_live(settings: Settings, store: Store, stack: ExitStack) -> Live:
    """The live views over a store, closed with the stack."""
    database = open_read_database(settings.read_database_url, ROWS)
    stack.callback(database.close)
    clock = store.handler.clock
    parking = LiveParking(database, ParkingLog(store.ledger, clock), store.feed.tenants)
    return Live(store.feed, database, clock, parking, helpers=Sharing(settings))


class LiveWorker:
    """Rounds over the tenants, for `event_store.subscriptions.worker.running`. A rebuild, which may take minutes, goes
    on beside them.
    """

    def __init__(self, live: Live, leases: Leases, jitter: Jitter) -> None:
        self._live = live
        self._leases = leases
        self._keeper = live.keeper()
        self._rebuilds = Rebuilds(live.rebuild)
        self._back_off = BackOff(live.clock, jitter)
        self._held: set[str] = set()
        self._looked_after: dict[str, datetime] = {}

    def round(self) -> bool:
        """One batch for each tenant with news; whether more may be there."""
        heads = dict(self._live.feed.heads())
        held = {lease.tenant_id for lease in self._leases.share(CONSUMER, sorted(heads))}
        for tenant_id in self._held - held:
            self._keeper.forget(tenant_id)  # somebody else keeps it now
        self._held = held
        goes_on = False
        for tenant_id in sorted(held):
            if self._back_off.is_due(tenant_id):
                goes_on |= self._tried(tenant_id, heads[tenant_id])
        return goes_on

    def leave(self) -> None:
        self._rebuilds.stop()
        self._leases.leave(CONSUMER)

    def _tried(self, tenant_id: str, head: int) -> bool:
        """Where a tenant comes to a halt the log says so, the others go on, and it is tried again later."""
        try:
            self._look_after(tenant_id)
            if self._keeper.is_level(tenant_id, head):
                return False
            self._keeper.advance(tenant_id)
        except Exception as error:
            self._keeper.forget(tenant_id)
            self._back_off.failed(tenant_id)
            if isinstance(error, Refused):
                _LOG.warning("the live views of %s came to a halt: %s", tenant_id, error)
            else:
                _LOG.exception("the live views of %s came to a halt; they are tried again", tenant_id)
            return False
        self._back_off.succeeded(tenant_id)
        return True

    def _look_after(self, tenant_id: str) -> None:
        """What need not be done at once: rebuilds that are due or done, and generations that are old."""
        if self._rebuilds.is_under_way(tenant_id):
            return
        if done := self._rebuilds.collect(tenant_id):
            self._keeper.forget(tenant_id)
        for one in done:
            _LOG.info("%s of %s was rebuilt up to seq %d", one.projection, tenant_id, one.seq)
        now = self._live.clock.now()
        if now - self._looked_after.get(tenant_id, now - LOOKED_AFTER_EVERY) < LOOKED_AFTER_EVERY:
            return
        self._looked_after[tenant_id] = now
        if due := self._due(tenant_id):
            self._rebuilds.begin(tenant_id, due)
        prune(self._live.database, self._live.clock, tenant_id, self._live.projections)

    def _due(self, tenant_id: str) -> list[str]:
        """Projections to be rebuilt: somebody has decided so about what they parked, the live generation was made by an
        older version, or bodies that it has folded were replaced since.
        """
        decided = {one.consumer for one in self._live.parking.of(tenant_id) if one.state != "parked"}
        versions = {one.name: one.version for one in self._live.projections}
        with self._live.database.read(tenant_id) as reader:
            live = [one for one in reader.checkpoints() if one.state == "live" and one.projection in versions]
        return [
            one.projection
            for one in live
            if consumer_of(one.projection) in decided
            or one.code_version < versions[one.projection]
            or one.stale_at is not None
        ]
