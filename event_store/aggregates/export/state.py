"""What a decision needs to know of an export."""

from __future__ import annotations

from msgspec import Struct

from event_store.aggregates.export.events import ExportCompleted, ExportFailed, ExportRequested
from mymedic.deciding import GuardChange
from mymedic.lives import machine
from mymedic.messages import Event


class State(Struct):
    exists: bool = False
    export_id: str = ""
    status: str = ""


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case ExportRequested():
            state.exists = True
            state.status = "requested"
        case ExportCompleted():
            state.status = "completed"
        case ExportFailed():
            state.status = "failed"


def guards(state: State, event: Event) -> GuardChange | None:
    """An export claims nothing: the same may be asked for twice."""
    return None


MACHINES = (
    machine(
        "Export",
        """
        ExportRequested: - > requested
        ExportCompleted: requested > completed
        ExportFailed: requested > failed
        """,
    ),
)
