"""Several worker processes share the tenants: who works for which, until when, and under which fencing number."""

from __future__ import annotations

import os
from collections.abc import Sequence

from event_store.ledger.consuming import LeaseRow, extend_lease, forget_lease, hold_lease, leases, take_lease
from event_store.ledger.isolation import EVERY_TENANT
from event_store.ledger.session import Ledger, Session
from mymedic.clock import Clock, micros
from mymedic.errors import Refused
from mymedic.ids import IdFactory

# Long enough that a pause of the machine costs nobody his tenants, short enough to take over within seconds.
TTL_SECONDS = 5.0
# Renewed when less than this share of its time is left: a round that comes late twice still comes in time.
_RENEWED_AT = 0.6
Lease = LeaseRow


def new_holder(ids: IdFactory) -> str:
    """A name for this process, unlike that of any other one."""
    return f"{os.uname().nodename}:{os.getpid()}:{ids.new('wrk', '', 0)}"


class Leases:
    """What one worker process holds. Clocks that differ cost time, never truth: `epoch` decides who may commit.

    A consumer's worker is alive while its row of `EVERY_TENANT` is; from those rows each sees how many share.
    """

    def __init__(self, ledger: Ledger, holder: str, clock: Clock, ttl_seconds: float = TTL_SECONDS) -> None:
        self.ledger = ledger
        self.holder = holder
        self._clock = clock
        self._ttl = int(ttl_seconds * 1_000_000)

    def share(self, consumer: str, tenants: Sequence[str]) -> list[Lease]:
        """The leases that this worker has from now on, in order of their tenants.

        Renews what it holds, takes what is free up to its share among the workers alive, gives back what is beyond.
        Writes only when something is to be changed. Call it between batches, more often than the leases last.
        """
        now = micros(self._clock.now())
        with self.ledger.read() as reads:
            seen = leases(reads)
        held, wanted = self._held(seen, consumer), self._wanted(seen, consumer, tenants, now)
        if self._is_settled(seen, consumer, held, wanted, now):
            return [lease for lease in held if lease.tenant_id in wanted]
        with self.ledger.write() as session:
            self._be_present(session, consumer, now)
            for ended in self._long_gone(seen, now):
                forget_lease(session, ended)
            kept = [self._kept(session, lease, wanted, now) for lease in held]
            mine = {lease.tenant_id: lease for lease in kept if lease is not None}
            for tenant_id in sorted(wanted - mine.keys()):
                taken = take_lease(session, tenant_id, consumer, self.holder, now + self._ttl, now)
                if taken is not None:
                    mine[tenant_id] = taken
        return [mine[tenant_id] for tenant_id in sorted(mine)]

    def leave(self, consumer: str) -> None:
        """Give back all that this worker holds as this consumer, and count no longer among those alive."""
        with self.ledger.write() as session:
            for lease in leases(session):
                if lease.holder == self.holder and lease.consumer == consumer:
                    extend_lease(session, lease, 0)
                elif lease.tenant_id == EVERY_TENANT and lease.consumer == self._presence(consumer):
                    forget_lease(session, lease)

    def _presence(self, consumer: str) -> str:
        return f"{consumer}@{self.holder}"

    def _held(self, seen: Sequence[Lease], consumer: str) -> list[Lease]:
        return [one for one in seen if one.consumer == consumer and one.holder == self.holder and one.until]

    def _wanted(self, seen: Sequence[Lease], consumer: str, tenants: Sequence[str], now: int) -> set[str]:
        """What this worker should hold: what it has first, then what is free, no more than its share."""
        present = {
            one.holder
            for one in seen
            if one.tenant_id == EVERY_TENANT and one.consumer.startswith(f"{consumer}@") and one.until > now
        }
        share = -(-len(tenants) // len(present | {self.holder}))
        by_tenant = {one.tenant_id: one for one in seen if one.consumer == consumer}
        known = set(tenants)
        mine = [one.tenant_id for one in self._held(seen, consumer) if one.tenant_id in known]
        free = [id for id in tenants if id not in mine and (id not in by_tenant or by_tenant[id].until <= now)]
        return set((mine + free)[:share])

    def _is_settled(self, seen: Sequence[Lease], consumer: str, held: list[Lease], wanted: set[str], now: int) -> bool:
        soonest = now + int(self._ttl * _RENEWED_AT)
        is_present = any(one.consumer == self._presence(consumer) and one.until > soonest for one in seen)
        return is_present and {one.tenant_id for one in held} == wanted and all(one.until > soonest for one in held)

    def _be_present(self, session: Session, consumer: str, now: int) -> None:
        extend_lease(session, Lease(EVERY_TENANT, self._presence(consumer), self.holder, 0, 1), now + self._ttl)

    def _long_gone(self, seen: Sequence[Lease], now: int) -> list[Lease]:
        """Workers that died leave a row each."""
        return [one for one in seen if one.tenant_id == EVERY_TENANT and one.until < now - 20 * self._ttl]

    def _kept(self, session: Session, lease: Lease, wanted: set[str], now: int) -> Lease | None:
        if lease.tenant_id in wanted:
            return extend_lease(session, lease, now + self._ttl)
        extend_lease(session, lease, 0)
        return None


def fence(session: Session, lease: Lease) -> None:
    """VERSION_CONFLICT when another worker has taken the lease over; else nobody takes it before this is committed."""
    if not hold_lease(session, lease):
        raise Refused(
            "VERSION_CONFLICT",
            f"another worker has taken over {lease.consumer} of {lease.tenant_id}",
            epoch=lease.epoch,
        )
