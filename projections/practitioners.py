"""What a row says of its practitioner: the specialty that is known last."""

from __future__ import annotations

from typing import Any

import msgspec

from event_store.aggregates.practitioner.events import PractitionerRegistered, PractitionerUpdated
from event_store.recorded import Recorded
from mymedic.messages import Event
from projections.projection import Fold
from projections.row import R
from projections.view import View


def specialty_of(view: View, practitioner_id: str | None) -> str | None:
    """The specialty of a practitioner; None for one that nobody registered."""
    practitioner = view.state("practitioner", practitioner_id) if practitioner_id else None
    if practitioner is None or not practitioner.exists:
        return None
    specialty: str = practitioner.specialty_id
    return specialty


def changed_with_practitioner(row_class: type[R]) -> dict[type[Event], Fold]:
    """Folds that keep `specialty_id` right when a practitioner changes; `practitioner_id` must be a lookup."""

    def fold(event: Recorded, happened: Any, view: View) -> None:
        practitioner_id = event.stream_id.removeprefix("practitioner-")
        for row in view.where(row_class, "practitioner_id", practitioner_id):
            view.put(msgspec.structs.replace(row, specialty_id=specialty_of(view, practitioner_id)))

    return {PractitionerRegistered: fold, PractitionerUpdated: fold}
