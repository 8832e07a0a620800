"""Dagster's own folder under MYMEDIC_HOME: its settings, its record of runs. Nothing of it lies in the repository."""

from __future__ import annotations

from pathlib import Path

from mymedic.settings import Settings

# A build takes every core that it is given, so one run at a time; whoever raises that keeps one per shard, because the
# second build of a shard would be refused. Ticks that asked for nothing are forgotten after two days; runs are kept.
INSTANCE = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
    tag_concurrency_limits:
      - key: dagster/partition
        value:
          applyLimitPerUniqueValue: true
        limit: 1
retention:
  sensor:
    purge_after_days:
      skipped: 2
"""


def dagster_home(settings: Settings) -> Path:
    """What DAGSTER_HOME must name."""
    return settings.resolved_home / "dagster"


def prepare_dagster_home(settings: Settings) -> Path:
    """Dagster's folder, ready to start in. Its settings are written when they are not there, never over others."""
    home = dagster_home(settings)
    home.mkdir(parents=True, exist_ok=True)
    instance = home / "dagster.yaml"
    if not instance.exists():
        instance.write_text(INSTANCE)
    return home
