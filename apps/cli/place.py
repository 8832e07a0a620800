"""Where a command works: the home folder, the store in it, the tenant that is meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from event_store.feed import Feed
from event_store.store import Store, open_store
from mymedic.errors import Refused
from mymedic.settings import Settings
from pipelines.build import Line

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of everything that a run produces (else MYMEDIC_HOME, else ./var)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
TenantOption = Annotated[
    str | None, typer.Option("--tenant", help="Tenant id; may be left out when there is only one.")
]


def settings_of(home: Path | None) -> Settings:
    return Settings() if home is None else Settings(home=home)


@contextmanager
def store_of(home: Path | None) -> Iterator[tuple[Settings, Store]]:
    """The installation's store, open."""
    settings = settings_of(home)
    with open_store(settings) as store:
        yield settings, store


def line_of(settings: Settings, store: Store) -> Line:
    return Line(store.feed, store.vault, settings.landing_dir, settings.warehouse_dir, settings.threads)


def the_tenant(feed: Feed, wanted: str | None) -> str:
    """The tenant that is meant: the one named, or the only one there is."""
    known = feed.tenants()
    if wanted is not None:
        if wanted not in known:
            raise Refused("NOT_FOUND", f"there is no tenant {wanted}", tenant=wanted, known=", ".join(known) or None)
        return wanted
    return _only(known)


def the_published_tenant(settings: Settings, wanted: str | None) -> str:
    """As `the_tenant`, from the published warehouses alone: asking needs no event store."""
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
    return _only(known)


def _only(known: list[str]) -> str:
    if len(known) == 1:
        return known[0]
    if not known:
        raise Refused("NOT_FOUND", "there is no tenant yet; `mymedic demo` makes some")
    raise Refused(
        "VALIDATION_FAILED", "there are several tenants; say --tenant", field="tenant", known=", ".join(known)
    )
