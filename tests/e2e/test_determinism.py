"""The same events give the same hashes: built again, in another process, another time zone, on another database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import new_database
from tests.e2e.elsewhere import hashes
from tests.worlds import World

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def expected(tiny_world: World) -> dict[str, dict[str, str]]:
    tiny_world.warehouse("ten_tiny_chain")  # a build that lands incrementally, before the full one
    return hashes(tiny_world.settings, tiny_world.report.tenants)


def test_a_full_build_equals_the_incremental_one(tiny_world: World, expected: dict[str, dict[str, str]]) -> None:
    for tenant_id, tables in expected.items():
        published = tiny_world.builds["present"].published[tenant_id].tables
        assert {table.name: table.content_hash for table in published} == {
            name: value for name, value in tables.items() if name != "chain"
        }


def test_the_same_world_elsewhere_has_the_same_hashes(
    expected: dict[str, dict[str, str]], tmp_path: Path, postgres_server: str
) -> None:
    """Another process, another time zone, another order of sets, and the other database."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.e2e.elsewhere",
            str(tmp_path / "home"),
            new_database(postgres_server, "elsewhere"),
        ],
        cwd=ROOT,
        env={**os.environ, "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "99"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == expected
