"""A shard is a partition: of every asset, and of every check, so that one shard's result never hides another's."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import dagster as dg

# The sensor and the schedule add what the log shows.
SHARDS = dg.DynamicPartitionsDefinition(name="shard")


def shard_check(
    name: str, asset: dg.AssetKey | Sequence[str], *, description: str | None = None, blocking: bool = True
) -> dg.AssetCheckSpec:
    with warnings.catch_warnings():
        # Dagster 1.13 calls partitions of checks a preview; without them the last shard's result would stand for all.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetCheckSpec(name, asset=asset, description=description, blocking=blocking, partitions_def=SHARDS)
