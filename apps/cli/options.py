"""Options that many words share, and what they mean. Light to import: asking must not wait for the writing side."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mymedic.errors import Refused
from mymedic.settings import Settings

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of everything that a run produces (else MYMEDIC_HOME, else ./var)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
TenantOption = Annotated[
    str | None, typer.Option("--tenant", help="Tenant id; may be left out when there is only one.")
]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="Read the build of this instant, not the present.")]


def instant(text: str | None, option: str = "as-of") -> datetime | None:
    """The instant that a person typed, without an offset in UTC; None where none was. An empty word is refused."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"{text!r} is no instant like 2026-11-04T18:29:59Z"
        raise Refused("VALIDATION_FAILED", message, field=option) from error


def the_published_tenant(settings: Settings, wanted: str | None) -> str:
    """The tenant whose published warehouse is meant: the one named, or the only one there is."""
    known = sorted(path.stem for path in settings.warehouse_dir.glob("ten_*.duckdb"))
    if wanted is not None:
        if wanted not in known:
            raise Refused(
                "NOT_FOUND",
                f"{wanted} has no published warehouse; run `mymedic build`",
                tenant=wanted,
                known=", ".join(known) or None,
            )
        return wanted
    return the_only_one(known)


def the_only_one(known: list[str]) -> str:
    if len(known) == 1:
        return known[0]
    if not known:
        raise Refused("NOT_FOUND", "there is no tenant yet; `mymedic demo` makes some")
    names = ", ".join(known)
    raise Refused("VALIDATION_FAILED", "there are several tenants; say --tenant", field="tenant", known=names)


def warehouse_of(settings: Settings, tenant_id: str, as_of: str | None) -> Path:
    """The published file of a tenant, as of now or of the instant of an earlier build."""
    if as_of is None:
        return settings.warehouse_dir / f"{tenant_id}.duckdb"
    return settings.warehouse_dir / "as_of" / tenant_id / f"{instant(as_of):%Y%m%dT%H%M%S%fZ}.duckdb"
