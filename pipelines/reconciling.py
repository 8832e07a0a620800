"""The way back into the log of what a published build says of the money.

The line may not reach the log, and the truth reads no warehouse: whoever starts the line hands in who sends a command.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple, Protocol


class Reconciled(NamedTuple):
    """A run as recorded. `open_paise` is what is at stake; status `duplicate`: this build was recorded before."""

    tenant_id: str
    run_id: str
    status: str
    until: date
    input_seq: int
    items_n: int
    open_n: int
    open_paise: int


class Reconciler(Protocol):
    def record(self, tenant_id: str, warehouse: Path, month: str | None) -> Reconciled:
        """Send in what a published warehouse computed up to the end of a month like 2026-11, or up to its own date."""
        ...
