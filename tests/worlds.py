"""Simulated worlds and their warehouses, made once per test run and looked at by many tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mymedic.settings import Settings
from pipelines import build as building
from pipelines.borders.result import BorderResult
from pipelines.build import BuildReport, build_shard, open_line
from pipelines.transform import TransformReport, transform
from simulator.run import SimulationReport, simulate

# The three tenants of a profile are built together: a build's cost is mostly paid once.
SHARD = "world"
# The states of knowledge whose builds are checked by dbt too. The cells of the others are compared all the same.
CHECKED = ("present", "settled")


@dataclass
class World:
    """A simulated chain, clinic and hospital; warehouses are built when somebody first asks for them."""

    home: Path
    report: SimulationReport
    builds: dict[str, BuildReport] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home)

    def as_of(self, point: str) -> datetime:
        return self.report.as_of_points[point]

    def truth(self, tenant_id: str, point: str) -> Path:
        """Folder of what the simulator's own books say at an as-of point."""
        return self.report.paths[tenant_id] / point

    def warehouse(self, tenant_id: str, point: str = "present") -> Path:
        """The published file of a tenant, at one of the simulation's as-of points or now."""
        if point not in self.builds:
            as_of = None if point == "present" else self.as_of(point)
            with nullcontext() if point in CHECKED else without_data_tests():
                self.builds[point] = build(self.home, self.report.tenants, as_of)
        return self.builds[point].published[tenant_id].path


def make_world(profile: str, home: Path, faults: str = "all") -> World:
    report = simulate(profile, Settings(home=home), faults=faults)
    return World(home, report)


def build(home: Path, tenants: list[str], as_of: datetime | None = None) -> BuildReport:
    return build_all(Settings(home=home), tenants, as_of)


def build_all(
    settings: Settings, tenants: list[str], as_of: datetime | None = None, *, full: bool = False
) -> BuildReport:
    """One build of all these tenants. The landing border has tests of its own; here it would only cost time."""
    with open_line(settings) as line:
        return build_shard(line, SHARD, tenants, as_of=as_of, full=full, border=_no_border)


def build_aloud(home: Path, tenants: list[str], on_step: Callable[[str], None]) -> BuildReport:
    with open_line(Settings(home=home)) as line:
        return build_shard(line, SHARD, tenants, on_step=on_step, border=_no_border)


@contextmanager
def without_data_tests() -> Iterator[None]:
    """Builds of states that differ from a checked one by their moment only: dbt's tests take a third of the time."""

    def untested(**asked: Any) -> TransformReport:
        return transform(**(asked | {"data_tests": False}))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "transform", untested)
        yield


@contextmanager
def _no_border(landing_dir: Path, tenants: Sequence[str]) -> Iterator[Callable[[], list[BorderResult]]]:
    yield list
