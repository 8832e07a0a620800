"""What `mymedic dagster` serves: the line of the installation that MYMEDIC_HOME names, with its way into the log."""

from __future__ import annotations

from apps.closing.recording import NightlyReconciler
from pipelines.definitions import served

defs = served(NightlyReconciler)
