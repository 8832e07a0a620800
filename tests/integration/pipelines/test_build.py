"""What a build leaves behind when it does not come to its end."""

from __future__ import annotations

from typing import Any

import pytest

from mymedic.errors import Refused
from pipelines import build
from pipelines.borders.result import BorderResult
from pipelines.build import BuildFailed, BuildReport, build_shard, open_line
from pipelines.publish import published_seq
from tests.integration.pipelines.conftest import SEQS, TENANT, Closed, finding
from tests.integration.pipelines.installation import clinic


def test_a_failed_border_publishes_nothing(closed: Closed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "transform", closed.replayed())
    before = closed.published.read_bytes()
    result = BorderResult("landing/payment", "seq_is_unique_and_never_null", False, 6, "seq=7 twice")
    with pytest.raises(BuildFailed) as failed:
        built(closed, finding(result))
    [failure] = failed.value.failures
    assert failure == ("landing/payment seq_is_unique_and_never_null", "fail", "seq=7 twice")
    assert closed.published.read_bytes() == before


def test_a_broken_invariant_publishes_nothing(closed: Closed, monkeypatch: pytest.MonkeyPatch) -> None:
    before = closed.published.read_bytes()
    invariants = [node.name for node in closed.transformed.nodes if node.name.startswith("inv_r")]
    assert len(invariants) >= 8
    for name in [*invariants, "recon_variance_is_right_less_left"]:
        monkeypatch.setattr(build, "transform", closed.replayed(**{name: "fail"}))
        with pytest.raises(BuildFailed) as failed:
            built(closed)
        assert [failure.name for failure in failed.value.failures] == [name]
        assert closed.published.read_bytes() == before


def test_killed_between_dbt_and_the_swap(closed: Closed, monkeypatch: pytest.MonkeyPatch) -> None:
    with clinic(closed.settings, TENANT) as founded:
        founded.pay(9_000)
    monkeypatch.setattr(build, "transform", closed.replayed())
    before = closed.published.read_bytes()
    with monkeypatch.context() as killed:
        killed.setattr(build, "publish_tenant", _killed)
        with pytest.raises(KeyboardInterrupt):
            built(closed)
    leftover = closed.settings.warehouse_dir / "build" / TENANT / "next.duckdb"
    assert leftover.exists() and closed.published.read_bytes() == before
    assert published_seq(closed.published) == SEQS

    built(closed)
    assert not leftover.exists() and published_seq(closed.published) == SEQS + 3


def test_a_shard_has_one_build_at_a_time(closed: Closed, monkeypatch: pytest.MonkeyPatch) -> None:
    def also_build(step: str) -> None:
        with pytest.raises(Refused) as refused:
            built(closed)
        assert refused.value.code == "STORE_LOCKED"

    monkeypatch.setattr(build, "transform", closed.replayed())
    report = built(closed, on_step=also_build)
    assert report.published


def test_a_border_that_breaks_down_fails_the_build(closed: Closed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checked by the real process, over a landing whose marker is gone when the process reads it."""

    def spoiling(**arguments: Any) -> Any:
        (arguments["landing_dir"] / TENANT / "landed.json").write_text("{}")
        return replayed(**arguments)

    replayed = closed.replayed()
    monkeypatch.setattr(build, "transform", spoiling)
    with open_line(closed.settings) as line, pytest.raises(BuildFailed) as failed:
        build_shard(line, TENANT, [TENANT])
    [failure] = failed.value.failures
    assert failure.name == "landing the_border_is_checked" and "LANDING_CORRUPT" in failure.message


def built(closed: Closed, border: Any = None, **arguments: Any) -> BuildReport:
    with open_line(closed.settings) as line:
        return build_shard(line, TENANT, [TENANT], border=border or finding(), **arguments)


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
