"""PostgreSQL shows a transaction the rows of the tenants that it has named, and of nobody else.

The program connects in a role that owns nothing, and row-level security is forced on the owner too: SQL that forgets
its tenant finds nothing instead of another tenant's rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Table

from event_store.ledger.schema import (
    CHECKPOINT,
    COMMAND_LOG,
    EVENT,
    GUARD,
    HEAD,
    LEASE,
    PARKED,
    PARKING_LOG,
    TAG,
    TIMER,
    WEBHOOK_ENDPOINT,
)

ROLE = "mymedic_app"
SETTING = "mymedic.tenants"
# What lists tenants, or compares them, sees all.
EVERY_TENANT = "*"
# By the schema that brought them: a migration isolates its own.
ISOLATED_BY_0003: tuple[Table, ...] = (EVENT, HEAD, TAG, GUARD, COMMAND_LOG, CHECKPOINT, TIMER)
ISOLATED_BY_0004: tuple[Table, ...] = (LEASE, PARKED, PARKING_LOG)
ISOLATED_BY_0005: tuple[Table, ...] = (WEBHOOK_ENDPOINT,)
ISOLATED = ISOLATED_BY_0003 + ISOLATED_BY_0004 + ISOLATED_BY_0005

# In a sub-select, so that it is asked once for each statement and not for each row. A tenant's id has no comma.
_NAMED = f"(SELECT string_to_array(current_setting('{SETTING}', true), ','))::text[]"


def isolate(tables: Iterable[Table]) -> list[str]:
    """The statements that put tables under row-level security, for `ROLE` to use and nobody to get around."""
    statements = [
        f"DO $$ BEGIN CREATE ROLE {ROLE} NOLOGIN NOBYPASSRLS; EXCEPTION"
        " WHEN duplicate_object OR unique_violation THEN NULL; END $$",
        f"GRANT {ROLE} TO CURRENT_USER",
    ]
    for table in tables:
        statements += [
            f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY named_tenants ON {table.name}"
            f" USING (tenant_id = ANY ({_NAMED}) OR '{EVERY_TENANT}' = ANY ({_NAMED}))",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table.name} TO {ROLE}",
        ]
    return statements


def in_role(url: str, tenants: Iterable[str] = ()) -> str:
    """The connection string for sessions in `ROLE`, which from the start see the given tenants."""
    words: dict[str, Any] = conninfo_to_dict(url)
    options = [words.get("options") or "", f"-c role={ROLE}"]
    if named := setting(tenants):
        options.append(f"-c {SETTING}={named}")
    words["options"] = " ".join(filter(None, options))
    return make_conninfo("", **words)


def setting(tenants: Iterable[str]) -> str:
    return ",".join(tenants)
