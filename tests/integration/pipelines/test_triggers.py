"""When the line runs by itself, and for which shards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from event_store.aggregates.tenant.events import TenantKind
from mymedic.settings import Settings
from pipelines import build
from pipelines.orchestration.installation import Installation
from pipelines.orchestration.instance import prepare_dagster_home
from pipelines.orchestration.triggers import close_settlement_day_daily, news_in_the_log
from tests.integration.pipelines.conftest import SEQS, TENANT, Closed
from tests.integration.pipelines.installation import clinic, settings_in
from tests.integration.pipelines.test_build import built


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as local:
        yield local


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A chain and two small clinics, none of them published."""
    settings = settings_in(tmp_path / "home")
    kinds: dict[str, TenantKind] = {"ten_chain": "chain", "ten_one": "clinic", "ten_two": "clinic"}
    for tenant_id, kind in kinds.items():
        with clinic(settings, tenant_id, kind):
            pass
    return settings


def look(settings: Settings, instance: dg.DagsterInstance) -> Any:
    resources = {"installation": Installation(settings)}
    return news_in_the_log(dg.build_sensor_context(instance=instance, resources=resources))


def keys(seen: Any) -> dict[str, str]:
    return {request.partition_key: request.run_key for request in seen.run_requests}


def test_news_ask_for_one_run_of_each_shard(settings: Settings, instance: dg.DagsterInstance) -> None:
    seen = look(settings, instance)
    assert keys(seen) == {"clinics": "clinics@16", "ten_chain": "ten_chain@8"}
    [added] = seen.dynamic_partitions_requests
    assert set(added.partition_keys) == {"clinics", "ten_chain"}


def test_the_same_news_ask_for_the_same_run(settings: Settings, instance: dg.DagsterInstance) -> None:
    """Dagster runs a key once, so that a build that failed is not tried again before there is something new."""
    before = keys(look(settings, instance))
    assert keys(look(settings, instance)) == before
    with clinic(settings, "ten_two", "clinic") as founded:
        founded.pay(1_000)
    assert keys(look(settings, instance)) == {**before, "clinics": "clinics@18"}


def test_a_shard_that_is_being_built_is_left_alone(settings: Settings, instance: dg.DagsterInstance) -> None:
    instance.add_run(
        dg.DagsterRun(
            job_name="refresh_shard", status=dg.DagsterRunStatus.STARTED, tags={"dagster/partition": "ten_chain"}
        )
    )
    assert set(keys(look(settings, instance))) == {"clinics"}


def test_a_published_head_is_no_news(
    closed: Closed, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that the close recorded is an event like any other; the refresh that it sets off records none."""
    assert keys(look(closed.settings, instance)) == {TENANT: f"{TENANT}@{SEQS + 1}"}
    monkeypatch.setattr(build, "transform", closed.replayed())
    assert closed.definitions().resolve_job_def("refresh_shard").graph.node_names() == ["build_shard"]
    built(closed)
    assert isinstance(look(closed.settings, instance), dg.SkipReason)
    with clinic(closed.settings, TENANT) as founded:
        founded.pay(1_000)
    assert keys(look(closed.settings, instance)) == {TENANT: f"{TENANT}@{SEQS + 3}"}


@pytest.mark.parametrize(
    ("night", "day", "month"),
    [
        (datetime(2026, 11, 30, 21, 0, tzinfo=UTC), "2026-11-30", "2026-11"),  # half past two on 1 December in India
        (datetime(2026, 12, 1, 21, 0, tzinfo=UTC), "2026-12-01", "2026-12"),
    ],
)
def test_the_night_closes_the_day_before(
    settings: Settings, instance: dg.DagsterInstance, night: datetime, day: str, month: str
) -> None:
    context = dg.build_schedule_context(
        instance=instance, scheduled_execution_time=night, resources={"installation": Installation(settings)}
    )
    evaluated: Any = close_settlement_day_daily(context)
    requests = list(evaluated)
    assert [(one.partition_key, one.run_key) for one in requests] == [
        ("clinics", f"clinics@{day}"),
        ("ten_chain", f"ten_chain@{day}"),
    ]
    assert {name: op["config"] for name, op in requests[0].run_config["ops"].items()} == {
        "record_reconciliation": {"month": month},
        "export_surfaces": {"month": month},
    }
    assert set(instance.get_dynamic_partitions("shard")) == {"clinics", "ten_chain"}


def test_dagster_tells_nobody(settings: Settings) -> None:
    home = prepare_dagster_home(settings)
    with dg.DagsterInstance.from_config(str(home)) as prepared:
        assert not prepared.telemetry_enabled
        assert prepared.get_concurrency_config().run_queue_config


def test_settings_of_the_installation_stand(settings: Settings) -> None:
    (prepare_dagster_home(settings) / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    assert (prepare_dagster_home(settings) / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"
