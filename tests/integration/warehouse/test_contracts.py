"""A model that gives other columns than it promises stops the build."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines import transform
from pipelines.landing.write import land
from tests.integration.warehouse.clinic import Clinic
from tests.integration.warehouse.rig import MemoryFeed, new_folder, patient_key

MODEL = "model.mymedic.proj_tenants"


def test_a_broken_contract_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = transform._manifest

    def changed(*arguments: Any) -> Any:
        manifest = parsed(*arguments)
        columns = manifest.nodes[MODEL].columns
        columns["utc_offset_minutes"].data_type = "varchar"
        columns["moon"] = columns.pop("as_of")
        columns["moon"].name = "moon"
        return manifest

    monkeypatch.setattr(transform, "_manifest", changed)
    folder, clinic = new_folder(), Clinic()
    land(MemoryFeed(clinic.events), clinic.tenant_id, folder / "landing", patient_key)
    report = transform.transform(
        database=folder / "warehouse.duckdb",
        landing_dir=folder / "landing",
        tenants=[clinic.tenant_id],
        work_dir=folder / "dbt",
        data_tests=False,
        select=["+proj_tenants"],
    )
    [failure] = report.failures
    assert (failure.unique_id, failure.status) == (MODEL, "error")
    says = "utc_offset_minutes varchar, moon timestamp with time zone"
    gives = "utc_offset_minutes integer, as_of timestamp with time zone"
    assert f"proj_tenants is not kept: it says {says}; the query gives {gives}" in failure.message, failure.message
