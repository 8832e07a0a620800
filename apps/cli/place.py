"""Where a word works: the store of a home folder, the line over it, the tenant that is meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.cli.options import the_only_one
from event_store.feed import Feed
from event_store.store import Store, open_store
from mymedic.errors import Refused
from mymedic.settings import Settings, settings_of
from pipelines.build import Line


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
    return the_only_one(known)
