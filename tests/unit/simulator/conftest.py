"""A small world, played once and looked at by many tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from mymedic.settings import Settings
from simulator.profile import load
from simulator.run import SimulationReport, simulate

MICRO = Path(__file__).with_name("micro.toml")


def play(home: Path, faults: str = "all", profile: str | Path = MICRO, seed: int | None = None) -> SimulationReport:
    """Play a profile into an empty home."""
    return simulate(load(profile), Settings(home=home, ledger_url=None), seed=seed, faults=faults)


@pytest.fixture(scope="session")
def micro(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimulationReport]:
    """The micro world with its faults: where it lies and what was reported."""
    home = tmp_path_factory.mktemp("micro")
    return home, play(home)
