"""Where things are: the city of a branch, as of the day that a row is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec

from event_store.aggregates.branch.events import BranchRegistered, BranchUpdated
from event_store.recorded import Recorded
from mymedic.messages import Event
from projections.projection import Fold
from projections.row import R
from projections.view import View


def city_of(view: View, branch_id: str | None, on: date | None) -> str | None:
    """The city that a branch is in on a day, or by what is known last; None for a branch that nobody registered."""
    branch = view.state("branch", branch_id) if branch_id else None
    if branch is None or not branch.exists:
        return None
    city: str | None = branch.city_id if on is None else branch.city_on(on)
    return city


def moved_with_branch(row_class: type[R], day_of: Callable[[R], date | None]) -> dict[type[Event], Fold]:
    """Folds that keep `city_id` right when a branch is registered late or moves; `branch_id` must be a lookup."""

    def fold(event: Recorded, happened: Any, view: View) -> None:
        branch_id = event.stream_id.removeprefix("branch-")
        for row in view.where(row_class, "branch_id", branch_id):
            view.put(msgspec.structs.replace(row, city_id=city_of(view, branch_id, day_of(row))))

    return {BranchRegistered: fold, BranchUpdated: fold}
