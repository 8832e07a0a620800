"""The live projections of this program."""

from __future__ import annotations

from projections import payments_summary
from projections.projection import Projection
from projections.row import Row

PROJECTIONS: tuple[Projection, ...] = (payments_summary.PROJECTION,)

BY_NAME: dict[str, Projection] = {one.name: one for one in PROJECTIONS}

ROWS: tuple[type[Row], ...] = tuple(row for one in PROJECTIONS for row in one.rows)
