"""A program that is installed elsewhere than before goes on with the folders that it finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import transform

PROJECT = "name: small\nversion: 1.0.0\nconfig-version: 2\nprofile: small\nflags: {send_anonymous_usage_stats: false}\n"
PROFILE = "small: {target: duckdb, outputs: {duckdb: {type: duckdb, path: ':memory:'}}}\n"


def test_what_dbt_kept_of_a_project_that_has_moved_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there, work = tmp_path / "here", tmp_path / "there", tmp_path / "work"
    (here / "seeds").mkdir(parents=True)
    (here / "dbt_project.yml").write_text(PROJECT)
    (here / "profiles.yml").write_text(PROFILE)
    (here / "seeds" / "cities.csv").write_text("city_id\ncty_pune\n")
    monkeypatch.delenv("DBT_PARTIAL_PARSE_FILE_PATH", raising=False)
    for project in (here, there):
        if project is there:
            here.rename(there)
        monkeypatch.setattr(transform, "PROJECT", project)
        (seed,) = transform._parse(work).nodes.values()
        assert Path(seed.root_path) == project
