"""Dagster over one small installation: what it shows after a run, and that it publishes nothing that failed a check."""

from __future__ import annotations

from datetime import date

import dagster as dg
import pytest

from apps.closing.recording import NightlyReconciler
from event_store.aggregates.recon_case.events import ReconciliationRun
from event_store.store import open_store
from exports.finance.surfaces import SURFACES
from pipelines import build
from pipelines.borders.export import EXPORT_RULES
from pipelines.borders.landing import GUARDED, LANDING_RULES
from pipelines.borders.result import BorderResult
from pipelines.landing.schema import tables
from pipelines.orchestration.reconciling import RECONCILED
from pipelines.orchestration.warehouse import PUBLISHED
from tests.integration.pipelines.conftest import SEQS, TENANT, Closed
from tests.parsed_project import parsed_project


def test_the_run_succeeds(closed_once: Closed) -> None:
    assert closed_once.result.success, [
        one.event_specific_data for one in closed_once.result.all_events if one.is_failure
    ]
    assert closed_once.published.exists()


def test_every_asset_is_materialized(closed_once: Closed) -> None:
    project = parsed_project()
    events = closed_once.result.get_asset_materialization_events()
    made = {event.asset_key.to_user_string() for event in events if event.asset_key}
    assert made == {
        *(f"landing/{name}" for name in tables()),
        *(spec.key.to_user_string() for spec in project.assets),
        "warehouse/published",
        "log/reconciliation_runs",
        *(f"exports/{name}" for name in SURFACES),
    }
    assert {event.partition for event in events} == {TENANT}


def test_every_test_and_every_border_rule_has_a_result(closed_once: Closed) -> None:
    results = {
        (one.asset_key.to_user_string(), one.check_name): one.passed
        for one in closed_once.result.get_asset_check_evaluations()
    }
    tests = {(check.asset_key.to_user_string(), check.name) for check in parsed_project().checks.values()}
    assert set(results) == {
        *tests,
        *((f"landing/{name}", rule) for name in GUARDED for rule in LANDING_RULES),
        *((f"exports/{name}", rule) for name in SURFACES for rule in EXPORT_RULES),
    }
    assert all(results.values())


def test_a_model_shows_its_seconds_and_its_rows(closed_once: Closed) -> None:
    shown = metadata(closed_once, "fct_payment")
    assert shown["dagster/row_count"] == dg.MetadataValue.int(3)
    assert isinstance(shown["seconds"], dg.FloatMetadataValue)
    assert "dagster/row_count" not in metadata(closed_once, "stg_payment")
    assert metadata(closed_once, "landing/payment")["rows_landed"].value == 6
    assert metadata(closed_once, "warehouse/published")["last_seq"].value == {TENANT: SEQS}


def test_the_month_of_the_last_event_leaves(closed_once: Closed) -> None:
    manifests = sorted((closed_once.settings.exports_dir / TENANT).glob("*/manifest.json"))
    assert len(manifests) == len(SURFACES)
    assert all('"from": "2026-11-01"' in manifest.read_text() for manifest in manifests)
    assert metadata(closed_once, "exports/variance")["dagster/row_count"].value == 1


def test_the_reconciliation_of_the_build_is_in_the_log(closed_once: Closed) -> None:
    with open_store(closed_once.settings) as store:
        [recorded] = store.feed.read(TENANT, SEQS)
    run = recorded.event
    assert isinstance(run, ReconciliationRun)
    assert (recorded.actor.id, run.input_seq, run.scope.to) == ("line:reconcile", SEQS, date(2026, 11, 2))
    shown = metadata(closed_once, RECONCILED.to_user_string())
    runs = shown["runs"]
    assert isinstance(runs, dg.TableMetadataValue)
    [told] = runs.records
    assert (told.data["run_id"], told.data["status"], told.data["input_seq"]) == (run.run_id, "accepted", SEQS)
    assert shown["items"].value == sum(total.count for total in run.totals) == 3
    assert shown["open_paise"].value == sum(item.open_paise for item in run.open_items)


def test_one_build_is_recorded_once(closed: Closed) -> None:
    again = NightlyReconciler(closed.settings).record(TENANT, closed.published, None)
    assert (again.status, again.input_seq, again.items_n) == ("duplicate", SEQS, 3)
    with open_store(closed.settings) as store:
        assert store.feed.head(TENANT) == SEQS + 1


def test_a_failing_border_blocks_what_comes_after_it(closed: Closed, monkeypatch: pytest.MonkeyPatch) -> None:
    before = closed.published.read_bytes()
    monkeypatch.setattr(build, "transform", closed.replayed())
    border = BorderResult("landing/payment", "amounts_are_within_bounds", False, 6, "amount_paise=-4 seq=7")
    result = run(closed, border)
    assert not result.success
    [check] = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert (check.asset_key.to_user_string(), check.check_name) == ("landing/payment", "amounts_are_within_bounds")
    assert check.description == "amount_paise=-4 seq=7"
    made = {event.asset_key for event in result.get_asset_materialization_events()}
    assert dg.AssetKey("fct_payment") in made and PUBLISHED not in made
    assert "exports" not in {key.path[0] for key in made if key}
    assert closed.published.read_bytes() == before


def test_a_failing_dbt_test_blocks_what_comes_after_it(closed: Closed, monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(check.name for check in parsed_project().checks.values() if "fct_payment" in check.asset_key.path)
    before = closed.published.read_bytes()
    monkeypatch.setattr(build, "transform", closed.replayed(**{name: "fail"}))
    result = run(closed)
    assert not result.success
    assert [one.check_name for one in result.get_asset_check_evaluations() if not one.passed] == [name]
    assert PUBLISHED not in {event.asset_key for event in result.get_asset_materialization_events()}
    assert closed.published.read_bytes() == before


def test_a_shard_that_is_not_in_the_log_fails_the_run(closed: Closed) -> None:
    closed.instance.add_dynamic_partitions("shard", ["ten_gone"])
    job = closed.definitions().resolve_job_def("refresh_shard")
    result = job.execute_in_process(instance=closed.instance, partition_key="ten_gone", raise_on_error=False)
    assert not result.success


def run(closed: Closed, *border: BorderResult) -> dg.ExecuteInProcessResult:
    job = closed.definitions(*border).resolve_job_def("close_settlement_day")
    return job.execute_in_process(instance=closed.instance, partition_key=TENANT, raise_on_error=False)


def metadata(closed: Closed, asset: str) -> dict[str, dg.MetadataValue]:
    [event] = [
        event.materialization
        for event in closed.result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey.from_user_string(asset)
    ]
    return dict(event.metadata)
