"""Exports: the same rows in every format, the same bytes every time, a manifest that can be checked."""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow.parquet as pq
import pytest

from exports.finance.files import csv_bytes, write_xlsx
from exports.finance.read import Extract, Period, extract
from exports.finance.run import run_export
from exports.finance.surfaces import REPORTS, SURFACES
from exports.warehouse import opened
from mymedic.errors import Refused
from tests.worlds import World

CHAIN = "ten_tiny_chain"
FINANCE = ("settlement", "variance", "leakage")


@pytest.fixture(scope="module")
def warehouse(tiny_world: World) -> Path:
    return tiny_world.warehouse(CHAIN)


def sheet(path: Path, name: str) -> list[list[Any]]:
    book = openpyxl.load_workbook(path, read_only=False)
    return [[cell.value for cell in row] for row in book[name].iter_rows()]


@pytest.mark.parametrize("surface", [*FINANCE, "ageing"])
def test_every_format_holds_the_same_rows(warehouse: Path, tmp_path: Path, surface: str) -> None:
    made = run_export(warehouse, tmp_path, CHAIN, surface)
    manifest = json.loads((made.folder / "manifest.json").read_text())
    from_csv = list(csv.DictReader(io.StringIO(made.path("csv").read_bytes().decode())))
    from_parquet = pq.read_table(made.path("parquet")).to_pylist()
    header, *from_xlsx = sheet(made.path("xlsx"), surface)
    assert len(from_csv) == len(from_parquet) == len(from_xlsx) == manifest["rows"] > 0
    assert {column: header[header.index(column) + 1] for column in header if "paise" in column} == {
        column: column.replace("paise", "inr") for column in manifest["sums_paise"]
    }
    for column, total in manifest["sums_paise"].items():
        at = header.index(column)
        assert sum(int(row[column] or 0) for row in from_csv) == total
        assert sum(row[column] or 0 for row in from_parquet) == total
        assert sum(row[at] or 0 for row in from_xlsx) == total
        assert round(100 * sum(row[at + 1] or 0 for row in from_xlsx)) == total
    for file in manifest["files"]:
        content = (made.folder / file["name"]).read_bytes()
        assert (sha256(content).hexdigest(), len(content)) == (file["sha256"], file["bytes"])
        assert manifest["content_sha256"][:12] in file["name"]
    with opened(warehouse) as connection:
        (mart,) = connection.execute(f"SELECT count(*) FROM {REPORTS[surface].mart}").fetchall()
    assert mart[0] == manifest["rows"]


def test_the_same_export_has_the_same_bytes(warehouse: Path, tmp_path: Path) -> None:
    first = run_export(warehouse, tmp_path / "a", CHAIN, "variance")
    again = run_export(warehouse, tmp_path / "b", CHAIN, "variance")
    assert first.manifest == again.manifest
    for file in first.manifest.files:
        assert (first.folder / file.name).read_bytes() == (again.folder / file.name).read_bytes()


def test_the_workbook_can_be_checked_by_whoever_gets_it(warehouse: Path, tmp_path: Path) -> None:
    made = run_export(warehouse, tmp_path, CHAIN, "settlement", formats=("xlsx",))
    book = openpyxl.load_workbook(made.path("xlsx"))
    assert book["settlement"].freeze_panes == "A2"
    control = {row[0]: row[1] for row in sheet(made.path("xlsx"), "control")}
    assert control["rows"] == made.manifest.rows
    assert control["content_sha256"] == made.manifest.content_sha256
    assert control["as_of"] == made.manifest.as_of
    assert control["sum net_paise"] == made.manifest.sums_paise["net_paise"]
    header = sheet(made.path("xlsx"), "settlement")[0]
    cell = book["settlement"].cell(row=2, column=header.index("net_inr") + 1)
    assert r"##\,##0.00" in cell.number_format or "##,##0.00" in cell.number_format


def test_a_cell_cannot_become_a_formula(warehouse: Path, tmp_path: Path) -> None:
    rows = extract(warehouse, CHAIN, SURFACES["variance"], Period())
    names = [f"{start}HYPERLINK(1)" for start in ("=", "+", "-", "@", "\t", "\r")]
    table = rows.table.slice(0, len(names))
    at = table.column_names.index("branch_name")
    table = table.set_column(at, "branch_name", [names[: table.num_rows]])
    evil = Extract(rows.surface, CHAIN, rows.period, {}, rows.as_of, rows.last_seq, table)
    from_csv = list(csv.DictReader(io.StringIO(csv_bytes(evil).decode(), newline="")))
    assert [row["branch_name"] for row in from_csv] == [f"'{name}" for name in names[: table.num_rows]]
    write_xlsx(evil, tmp_path / "evil.xlsx")
    cells = [row[at] for row in openpyxl.load_workbook(tmp_path / "evil.xlsx")["variance"].iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}


def test_a_text_that_no_cell_can_hold_is_cut_where_it_says_so(warehouse: Path, tmp_path: Path) -> None:
    rows = extract(warehouse, CHAIN, REPORTS["ageing"], Period())
    ids = ",".join(f"L1:payment:pay_{n:026}" for n in range(900))
    at = rows.table.column_names.index("evidence_ids")
    table = rows.table.slice(0, 1).set_column(at, "evidence_ids", [[ids]])
    many = Extract(rows.surface, CHAIN, rows.period, {}, rows.as_of, rows.last_seq, table)
    write_xlsx(many, tmp_path / "many.xlsx")
    header, row = sheet(tmp_path / "many.xlsx", "ageing")
    cell = row[header.index("evidence_ids")]
    assert len(cell) == 32_767
    assert cell.startswith(ids[:32_000])
    assert "the CSV has all of it" in cell
    assert ids in csv_bytes(many).decode()


@pytest.mark.parametrize("surface", ["noshow", "cancellations", "chain"])
def test_a_branch_that_has_moved_stands_in_the_city_where_it_was(warehouse: Path, tmp_path: Path, surface: str) -> None:
    before = extract(warehouse, CHAIN, REPORTS[surface], Period()).table
    moved = Path(shutil.copy(warehouse, tmp_path / "moved.duckdb"))
    with duckdb.connect(str(moved)) as connection:
        connection.execute("UPDATE dim_branch SET city_id = 'cty_guwahati' WHERE is_current AND branch_id <> '-1'")
    after = extract(moved, CHAIN, REPORTS[surface], Period()).table
    assert after.equals(before)
    assert before.num_rows > 0
    assert {"cty_guwahati", "-1"}.isdisjoint(before["city_id"].to_pylist())


def test_a_period_and_branches_narrow_an_export(warehouse: Path, tmp_path: Path) -> None:
    first = date(2026, 8, 5)
    one_day = extract(warehouse, CHAIN, SURFACES["variance"], Period(first, first))
    assert set(one_day.table["business_date"].to_pylist()) == {first}
    branch = one_day.table["branch_id"][0].as_py()
    narrowed = extract(warehouse, CHAIN, SURFACES["variance"], Period(first, first), {"branch_id": (branch,)})
    assert set(narrowed.table["branch_id"].to_pylist()) == {branch}
    with pytest.raises(Refused) as refusal:
        extract(warehouse, CHAIN, SURFACES["settlement"], Period(), {"branch_id": (branch,)})
    assert refusal.value.code == "EXPORT_SCOPE_INVALID"
    for wrong in ({"surface": "weather"}, {"surface": "variance", "formats": ("pdf",)}):
        with pytest.raises(Refused) as refusal:
            run_export(warehouse, tmp_path, CHAIN, **wrong)  # type: ignore[arg-type]
        assert refusal.value.code == "EXPORT_SCOPE_INVALID"


def test_another_tenants_rows_are_not_there(warehouse: Path) -> None:
    foreign = extract(warehouse, "ten_tiny_clinic", SURFACES["variance"], Period())
    assert foreign.table.num_rows == 0
