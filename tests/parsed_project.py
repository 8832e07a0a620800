"""The dbt project as Dagster sees it, parsed once per test process: that takes some seconds."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.orchestration.project import Project, manifest


@cache
def parsed_project() -> Project:
    with TemporaryDirectory(prefix="mymedic-manifest-") as folder:
        return Project(manifest(Path(folder)))
