"""The database itself keeps `event` append-only: a bug or a hand in a SQL shell cannot rewrite what happened.

One change is let through: the body (payload, sealed part) of an event that a destruction or redaction of the same
transaction names. Of the same transaction is what lies beyond the head, which is always moved last.
"""

from __future__ import annotations

from event_store.ledger.schema import EVENT_COLUMNS

REPLACING = ("DestructionExecuted", "FieldRedacted")
_TYPES = ", ".join(f"'{name}'" for name in REPLACING)
_KEPT = [name for name in EVENT_COLUMNS if name not in ("payload", "pii")]


def _sqlite_refusing(table: str) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    )


# Of schema 0001: nothing at all.
SQLITE_APPEND_ONLY = _sqlite_refusing("event")

POSTGRES_APPEND_ONLY = (
    "CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'event is append-only'; END $$",
    "CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event"
    " FOR EACH ROW EXECUTE FUNCTION refuse_event_change()",
    "CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change()",
)

# Of schema 0002: the named bodies.
_BEYOND_HEAD = (
    "naming.tenant_id = OLD.tenant_id"
    " AND naming.seq > (SELECT head.seq FROM head WHERE head.tenant_id = OLD.tenant_id)"
    f" AND naming.event_type IN ({_TYPES})"
)

SQLITE_NAMED_BODIES = (
    "DROP TRIGGER event_no_update",
    "CREATE TRIGGER event_no_update BEFORE UPDATE ON event WHEN NOT ("
    + " AND ".join(f"OLD.{name} IS NEW.{name}" for name in _KEPT)
    + " AND EXISTS (SELECT 1 FROM event AS naming, json_each(naming.payload, '$.replaced') AS one"
    f" WHERE {_BEYOND_HEAD} AND json_extract(one.value, '$.event_id') = OLD.event_id))"
    " BEGIN SELECT RAISE(ABORT, 'event is append-only'); END",
)

POSTGRES_NAMED_BODIES = (
    "CREATE OR REPLACE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF TG_OP = 'UPDATE' THEN"
    f" IF ({', '.join(f'OLD.{name}' for name in _KEPT)}) IS NOT DISTINCT FROM"
    f" ({', '.join(f'NEW.{name}' for name in _KEPT)})"
    " AND EXISTS (SELECT 1 FROM event AS naming, jsonb_array_elements(naming.payload::jsonb -> 'replaced') AS one"
    f" WHERE {_BEYOND_HEAD} AND naming.xmin = pg_current_xact_id()::xid AND one ->> 'event_id' = OLD.event_id)"
    " THEN RETURN NEW; END IF;"
    " END IF;"
    " RAISE EXCEPTION 'event is append-only'; END $$",
)

# Of schema 0004: what was decided about parked streams.
SQLITE_PARKING_LOG = _sqlite_refusing("parking_log")

POSTGRES_PARKING_LOG = (
    "CREATE FUNCTION refuse_parking_log_change() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'parking_log is append-only'; END $$",
    "CREATE TRIGGER parking_log_no_change BEFORE UPDATE OR DELETE ON parking_log"
    " FOR EACH ROW EXECUTE FUNCTION refuse_parking_log_change()",
    "CREATE TRIGGER parking_log_no_truncate BEFORE TRUNCATE ON parking_log"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_parking_log_change()",
)
