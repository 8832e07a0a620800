"""The dbt project, parsed once per test process or once per run: that takes some seconds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest

from pipelines.orchestration.project import Project, manifest
from pipelines.transform import write_manifest

ROOT = Path(__file__).parents[1]
PARSED = "partial_parse.msgpack"


@cache
def parsed_project() -> Project:
    """As Dagster sees it."""
    with TemporaryDirectory(prefix="mymedic-manifest-") as folder:
        return Project(manifest(Path(folder)))


def parse_for_all(config: pytest.Config) -> None:
    """Start to parse for the processes of a run on several; one that comes before it is done parses for itself."""
    if hasattr(config, "workerinput") or not getattr(config.option, "numprocesses", None):
        return
    folder = Path(mkdtemp(prefix="mymedic-parsed-"))
    os.environ["DBT_PARTIAL_PARSE_FILE_PATH"] = str(folder / PARSED)
    parsing = subprocess.Popen([sys.executable, "-m", "tests.parsed_project", str(folder)], cwd=ROOT)

    def clear_away() -> None:
        parsing.terminate()
        parsing.wait()
        shutil.rmtree(folder)

    config.add_cleanup(clear_away)


if __name__ == "__main__":
    shared = Path(sys.argv[1])
    # What is not there yet cannot be read.
    del os.environ["DBT_PARTIAL_PARSE_FILE_PATH"]
    write_manifest(shared / "work")
    os.replace(shared / "work" / "target" / PARSED, shared / PARSED)
