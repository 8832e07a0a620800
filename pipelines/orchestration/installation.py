"""What every asset, schedule and sensor is given: the installation that it works on."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from mymedic.settings import Settings
from pipelines.borders.beside import Border, landing_border_beside
from pipelines.build import Line, open_line


@dataclass(frozen=True, slots=True)
class Installation:
    """Settings, not an open store: Dagster keeps its resources for longer than a store may be held open."""

    settings: Settings
    border: Border = landing_border_beside

    def line(self) -> AbstractContextManager[Line]:
        return open_line(self.settings)

    @property
    def exports_dir(self) -> Path:
        return self.settings.exports_dir
