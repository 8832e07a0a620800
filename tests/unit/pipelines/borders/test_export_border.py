"""Each rule of the export border, over files that are not what they should be; and what then leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import msgspec
import pandas as pd
import pytest

from exports.finance.read import EVERYTHING, Period
from exports.finance.run import Export, run_export
from pipelines import leaving
from pipelines.borders.__main__ import main
from pipelines.borders.export import EXPORT_RULES, check_export_border
from pipelines.borders.result import BorderResult
from pipelines.leaving import leave

TENANT = "ten_skin"


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A published settlement report of two batches, and one of another month."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE mart_settlement_report AS SELECT * FROM (VALUES"
            " ('ten_skin', 'razorpay', 'setl_1', DATE '2026-11-02', 80000, 1600, 3::BIGINT),"
            " ('ten_skin', 'razorpay', 'setl_2', DATE '2026-11-03', 50000, NULL, 2),"
            " ('ten_skin', 'razorpay', 'setl_3', DATE '2026-12-01', 70000, 1400, 1))"
            " AS t (tenant_id, gateway, settlement_id, settled_on, payments_gross_paise, fee_paise, matched_n)"
        )
        connection.execute(
            "CREATE TABLE build_info AS SELECT 'ten_skin' AS tenant_id, 9 AS last_seq, now() AS as_of_at"
        )
    return path


@pytest.fixture
def export(warehouse: Path, tmp_path: Path) -> Export:
    november = Period(date(2026, 11, 1), date(2026, 11, 30))
    return run_export(warehouse, tmp_path / "exports", TENANT, "settlement", period=november)


def broken(export: Export, warehouse: Path) -> dict[str, str]:
    results = check_export_border(export, warehouse)
    assert tuple(result.name for result in results) == EXPORT_RULES
    return {result.name: result.detail for result in results if not result.passed}


def rewrite(export: Export, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change what the Parquet file holds."""
    path = export.path("parquet")
    change(pd.read_parquet(path)).to_parquet(path)


def test_an_export_as_it_is_written_passes(export: Export, warehouse: Path) -> None:
    results = check_export_border(export, warehouse)
    assert [(result.passed, result.seen) for result in results] == [(True, 2)] * len(EXPORT_RULES)


def test_an_export_without_rows_passes(warehouse: Path, tmp_path: Path) -> None:
    january = Period(date(2026, 1, 1), date(2026, 1, 31))
    assert not broken(run_export(warehouse, tmp_path, TENANT, "settlement", period=january), warehouse)


def test_a_row_twice_is_found(export: Export, warehouse: Path) -> None:
    rewrite(export, lambda frame: pd.concat([frame, frame.tail(1)], ignore_index=True))
    found = broken(export, warehouse)
    assert set(found) == {
        "key_is_unique_and_never_null",
        "sums_equal_the_mart",
        "rows_and_sums_equal_the_manifest",
    }
    assert "gateway=razorpay settlement_id=setl_2" in found["key_is_unique_and_never_null"]


def test_a_paisa_too_much_is_found(export: Export, warehouse: Path) -> None:
    rewrite(export, lambda frame: frame.assign(payments_gross_paise=frame["payments_gross_paise"] + [0, 1]))
    assert set(broken(export, warehouse)) == {"sums_equal_the_mart", "rows_and_sums_equal_the_manifest"}


def test_a_count_that_is_not_the_marts_is_found(export: Export, warehouse: Path) -> None:
    rewrite(export, lambda frame: frame.assign(matched_n=[3, 3]))
    assert set(broken(export, warehouse)) == {"sums_equal_the_mart"}


def test_a_manifest_that_says_otherwise_is_found(export: Export, warehouse: Path) -> None:
    sums = {**export.manifest.sums_paise, "fee_paise": 1_601}
    other = msgspec.structs.replace(export, manifest=msgspec.structs.replace(export.manifest, sums_paise=sums))
    found = broken(other, warehouse)
    assert set(found) == {"rows_and_sums_equal_the_manifest"}
    assert "csv: fee_paise" in found["rows_and_sums_equal_the_manifest"]


def test_a_personal_column_is_found(export: Export, warehouse: Path) -> None:
    rewrite(export, lambda frame: frame.assign(patient_phone="+919812345678"))
    assert set(broken(export, warehouse)) == {"columns_are_those_of_the_surface", "no_column_is_personal"}


def test_a_column_less_is_found(export: Export, warehouse: Path) -> None:
    rewrite(export, lambda frame: frame.drop(columns="settled_on"))
    assert set(broken(export, warehouse)) == {"columns_are_those_of_the_surface"}


def test_the_process_says_the_same(export: Export, warehouse: Path) -> None:
    assert main(["export", str(export.folder), str(warehouse)]) == check_export_border(export, warehouse)


def test_a_sound_export_leaves(warehouse: Path, tmp_path: Path) -> None:
    left = leave(warehouse, tmp_path / "exports", TENANT, "settlement", EVERYTHING)
    assert left.has_left and left.export.folder.parent == tmp_path / "exports" / TENANT
    assert (left.export.folder / "manifest.json").exists() and left.export.path("csv").exists()
    again = leave(warehouse, tmp_path / "exports", TENANT, "settlement", EVERYTHING)
    assert again.export == left.export


def test_an_export_that_fails_its_border_is_held(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = BorderResult("exports/settlement", "sums_equal_the_mart", False, 3, "fee_paise: 1")
    monkeypatch.setattr(leaving, "check_export_border", lambda *_: [result])
    held = leave(warehouse, tmp_path / "exports", TENANT, "settlement", EVERYTHING)
    assert not held.has_left and held.export.path("csv").exists()
    assert not (tmp_path / "exports" / TENANT).exists()


def test_a_column_that_is_called_paise_is_an_amount_too(warehouse: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "CREATE TABLE mart_recon_ageing AS SELECT 'ten_skin' AS tenant_id, DATE '2026-11-30' AS as_of_date,"
            " 'L1' AS leg, 'in_transit' AS class, '-1' AS branch_id, '0-2' AS bucket, 1 AS n, 250050 AS paise"
        )
        connection.execute(
            "CREATE TABLE dim_branch (tenant_id TEXT, branch_id TEXT, name TEXT, city_id TEXT, is_current BOOL)"
        )
        connection.execute("CREATE TABLE dim_city (tenant_id TEXT, city_id TEXT, name TEXT)")
    made = run_export(warehouse, tmp_path, TENANT, "ageing")
    assert made.manifest.sums_paise == {"paise": 250_050}
    assert "paise,inr" in made.path("csv").read_text()
    assert not broken(made, warehouse)
