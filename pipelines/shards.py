"""Which tenants are built together: a build has a fixed cost, so small clinics share one; chains have their own."""

from __future__ import annotations

from collections.abc import Sequence

from event_store.feed import Feed

SMALL = "clinics"


def shards(feed: Feed) -> dict[str, list[str]]:
    """Shard name -> its tenants, both in order. A chain or hospital is a shard alone, named as its tenant."""
    found: dict[str, list[str]] = {}
    for tenant_id in feed.tenants():
        found.setdefault(shard_of(feed, tenant_id), []).append(tenant_id)
    return dict(sorted(found.items()))


def shard_of(feed: Feed, tenant_id: str) -> str:
    first = feed.read(tenant_id, 0, 1)
    kind = getattr(first[0].event, "kind", None) if first else None
    return SMALL if kind == "clinic" else tenant_id


def grouped(feed: Feed, tenants: Sequence[str]) -> dict[str, list[str]]:
    """The shards that hold these tenants, each with all of its tenants: a shard is built whole."""
    return {shard: members for shard, members in shards(feed).items() if set(members) & set(tenants)}
