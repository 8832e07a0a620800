"""What the ledger keeps for those who consume its log: checkpoints, leases, parked streams, and decisions on them."""

from __future__ import annotations

from typing import NamedTuple

from event_store.ledger.reads import Reads
from event_store.ledger.schema import PARKED_COLUMNS, PARKING_LOG_COLUMNS
from event_store.ledger.session import Session
from mymedic.errors import Refused


class LeaseRow(NamedTuple):
    """Who may work as a consumer for a tenant, until when (microseconds), the how manyeth since the first."""

    tenant_id: str
    consumer: str
    holder: str
    until: int
    epoch: int


class ParkedRow(NamedTuple):
    """A stream that waits for a consumer, from its first event that failed on."""

    tenant_id: str
    consumer: str
    stream_id: str
    first_seq: int
    event_id: str
    event_type: str
    error: str
    attempts: int
    parked_at: int
    state: str


class ParkingEntry(NamedTuple):
    """One line of the parking log."""

    tenant_id: str
    entry: int
    consumer: str
    stream_id: str
    first_seq: int
    step: str
    actor_id: str
    reason: str
    recorded_at: int


assert ParkedRow._fields == PARKED_COLUMNS and ParkingEntry._fields == PARKING_LOG_COLUMNS

_PARKED = f"SELECT {', '.join(PARKED_COLUMNS)} FROM parked"
_ENTRIES = f"SELECT {', '.join(PARKING_LOG_COLUMNS)} FROM parking_log"


def checkpoints(reads: Reads) -> dict[tuple[str, str], int]:
    """(tenant, consumer) -> the seq up to which it is done; of everybody."""
    rows = reads.rows("SELECT tenant_id, consumer, seq FROM checkpoint")
    return {(tenant_id, consumer): seq for tenant_id, consumer, seq in rows}


def leases(reads: Reads) -> list[LeaseRow]:
    """Of everybody, those that have ended included."""
    rows = reads.rows("SELECT tenant_id, consumer, holder, until, epoch FROM lease ORDER BY tenant_id, consumer")
    return [LeaseRow(*row) for row in rows]


def take_lease(session: Session, tenant_id: str, consumer: str, holder: str, until: int, now: int) -> LeaseRow | None:
    """A lease that is free or has ended goes to the holder, under the next epoch; None when somebody has it."""
    session.execute(
        "INSERT INTO lease (tenant_id, consumer, holder, until, epoch) VALUES (?, ?, ?, ?, 1)"
        " ON CONFLICT (tenant_id, consumer) DO UPDATE"
        " SET holder = excluded.holder, until = excluded.until, epoch = lease.epoch + 1 WHERE lease.until <= ?",
        (tenant_id, consumer, holder, until, now),
    )
    found = _lease(session, tenant_id, consumer)
    return found if found is not None and (found.holder, found.until) == (holder, until) else None


def extend_lease(session: Session, lease: LeaseRow, until: int) -> LeaseRow | None:
    """The lease until then; None when somebody has taken it over. One that has ended untaken is still its holder's."""
    session.execute(
        "INSERT INTO lease (tenant_id, consumer, holder, until, epoch) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (tenant_id, consumer) DO UPDATE SET until = excluded.until"
        " WHERE lease.holder = excluded.holder AND lease.epoch = excluded.epoch",
        (lease.tenant_id, lease.consumer, lease.holder, until, lease.epoch),
    )
    found = _lease(session, lease.tenant_id, lease.consumer)
    return found if found is not None and (found.holder, found.epoch) == (lease.holder, lease.epoch) else None


def hold_lease(session: Session, lease: LeaseRow) -> bool:
    """Whether it is still its holder's; then nobody takes it before the transaction ends. Its end stays as it is."""
    session.execute(
        "INSERT INTO lease (tenant_id, consumer, holder, until, epoch) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (tenant_id, consumer) DO UPDATE SET epoch = excluded.epoch"
        " WHERE lease.holder = excluded.holder AND lease.epoch = excluded.epoch",
        lease,
    )
    found = _lease(session, lease.tenant_id, lease.consumer)
    return found is not None and (found.holder, found.epoch) == (lease.holder, lease.epoch)


def forget_lease(session: Session, lease: LeaseRow) -> None:
    session.execute("DELETE FROM lease WHERE tenant_id = ? AND consumer = ?", (lease.tenant_id, lease.consumer))


def _lease(reads: Reads, tenant_id: str, consumer: str) -> LeaseRow | None:
    rows = reads.rows(
        "SELECT tenant_id, consumer, holder, until, epoch FROM lease WHERE tenant_id = ? AND consumer = ?",
        (tenant_id, consumer),
    )
    return LeaseRow(*rows[0]) if rows else None


def move_checkpoint(session: Session, tenant_id: str, consumer: str, before: int, seq: int) -> None:
    """VERSION_CONFLICT when somebody has moved it since it was read."""
    found = session.checkpoint(tenant_id, consumer)
    if found != before:
        raise Refused("VERSION_CONFLICT", f"{consumer} of {tenant_id} is at seq {found}, not {before}", seq=found)
    session.set_checkpoint(tenant_id, consumer, seq)


def parked(reads: Reads, tenant_id: str | None = None) -> list[ParkedRow]:
    """Of one tenant or of everybody, oldest first."""
    where, parameters = (" WHERE tenant_id = ?", (tenant_id,)) if tenant_id else ("", ())
    rows = reads.rows(f"{_PARKED}{where} ORDER BY parked_at, tenant_id, first_seq", parameters)
    return [ParkedRow(*row) for row in rows]


def park(session: Session, row: ParkedRow) -> None:
    """Park a stream, or say anew how the one that is parked stands."""
    kept = ", ".join(f"{name} = excluded.{name}" for name in PARKED_COLUMNS[3:])
    session.execute(
        f"INSERT INTO parked ({', '.join(PARKED_COLUMNS)}) VALUES ({', '.join('?' * len(PARKED_COLUMNS))})"
        f" ON CONFLICT (tenant_id, consumer, stream_id) DO UPDATE SET {kept}",
        row,
    )


def unpark(session: Session, tenant_id: str, consumer: str, stream_id: str) -> None:
    session.execute(
        "DELETE FROM parked WHERE tenant_id = ? AND consumer = ? AND stream_id = ?", (tenant_id, consumer, stream_id)
    )


def parking_entries(reads: Reads, tenant_id: str) -> list[ParkingEntry]:
    return [ParkingEntry(*row) for row in reads.rows(f"{_ENTRIES} WHERE tenant_id = ? ORDER BY entry", (tenant_id,))]


def note_parking(session: Session, entry: ParkingEntry) -> None:
    """Put a line at the end of the tenant's parking log; its number is given here."""
    ((last,),) = session.rows("SELECT COALESCE(MAX(entry), 0) FROM parking_log WHERE tenant_id = ?", (entry.tenant_id,))
    session.execute(
        f"INSERT INTO parking_log ({', '.join(PARKING_LOG_COLUMNS)})"
        f" VALUES ({', '.join('?' * len(PARKING_LOG_COLUMNS))})",
        entry._replace(entry=last + 1),
    )


def waits_since(reads: Reads, tenant_id: str, after_seq: int) -> int | None:
    """When the first event after a seq was recorded, in microseconds; None when there is none."""
    rows = reads.rows(
        "SELECT recorded_at FROM event WHERE tenant_id = ? AND seq > ? ORDER BY seq LIMIT 1", (tenant_id, after_seq)
    )
    return rows[0][0] if rows else None
