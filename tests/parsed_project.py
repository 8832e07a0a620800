"""The dbt project, parsed once per test process or once per run: that takes some seconds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest

from pipelines.orchestration.project import Project, manifest
from pipelines.transform import write_manifest

ROOT = Path(__file__).parents[1]
PARSED = "partial_parse.msgpack"
SHARED = "MYMEDIC_TESTS_PARSED"  # the folder where one process parses for the others
LONGEST_PARSE_SECONDS = 60


@cache
def parsed_project() -> Project:
    """As Dagster sees it."""
    with TemporaryDirectory(prefix="mymedic-manifest-") as folder:
        return Project(manifest(Path(folder)))


def parse_for_all(config: pytest.Config) -> None:
    """Start to parse for the processes of a run on several, while they collect their tests."""
    if hasattr(config, "workerinput") or not getattr(config.option, "numprocesses", None):
        return
    folder = Path(mkdtemp(prefix="mymedic-parsed-"))
    os.environ[SHARED] = str(folder)
    parsing = subprocess.Popen([sys.executable, "-m", "tests.parsed_project", str(folder)], cwd=ROOT)

    def clear_away() -> None:
        parsing.terminate()
        parsing.wait()
        shutil.rmtree(folder)

    config.add_cleanup(clear_away)


def take_what_was_parsed() -> None:
    """Wait for what another process parses, if one does; dbt takes a file that is there, and no name of one to come."""
    if SHARED not in os.environ:
        return
    parsed = Path(os.environ[SHARED]) / PARSED
    until = time.monotonic() + LONGEST_PARSE_SECONDS
    while not parsed.exists() and time.monotonic() < until:
        time.sleep(0.05)
    if parsed.exists():
        os.environ["DBT_PARTIAL_PARSE_FILE_PATH"] = str(parsed)


if __name__ == "__main__":
    shared = Path(sys.argv[1])
    write_manifest(shared / "work")
    os.replace(shared / "work" / "target" / PARSED, shared / PARSED)
