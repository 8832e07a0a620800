"""C06, C13: what only a hospital has."""

from __future__ import annotations

from datetime import timedelta

import pytest

from event_store.aggregates.branch.commands import CloseBranch
from event_store.aggregates.tenant.commands import DefineDepartment, RegisterPayer
from event_store.aggregates.tenant.events import DepartmentDefined, PayerRegistered
from tests.unit.event_store.clinic import FINANCE, MANAGER, TENANT, refused
from tests.unit.event_store.organisation import MONDAY, an_organisation

DEPARTMENT = DefineDepartment(branch_id="brn_south", name="Cardiology", department_id="dep_cardio")
PAYER = RegisterPayer(name="Star", kind="insurer", payer_id="pyr_star")


def test_a_department_belongs_to_a_branch() -> None:
    world = an_organisation("hospital")
    assert world.when(DEPARTMENT, actor=MANAGER) == [
        DepartmentDefined(department_id="dep_cardio", branch_id="brn_south", name="Cardiology")
    ]
    assert world.state("tenant", TENANT).department("dep_cardio").branch_id == "brn_south"
    assert refused(world, DEPARTMENT, MANAGER).code == "ALREADY_EXISTS"
    assert refused(world, DefineDepartment(branch_id="brn_nowhere", name="ENT"), MANAGER).code == "NOT_FOUND"
    world.when(CloseBranch(branch_id="brn_south", closed_on=MONDAY + timedelta(days=1), reason="moved"), actor=MANAGER)
    assert refused(world, DefineDepartment(branch_id="brn_south", name="ENT"), MANAGER).code == "BRANCH_CLOSED"


def test_a_payer_keeps_back_a_tenth_unless_it_is_said_otherwise() -> None:
    world = an_organisation("hospital")
    assert world.when(PAYER, actor=FINANCE) == [
        PayerRegistered(payer_id="pyr_star", name="Star", kind="insurer", tds_bps=1000)
    ]
    assert world.state("tenant", TENANT).payer("pyr_star").tds_bps == 1000
    assert refused(world, PAYER, FINANCE).code == "ALREADY_EXISTS"
    (made,) = world.when(RegisterPayer(name="Scheme", kind="scheme", tds_bps=0), actor=FINANCE)
    assert isinstance(made, PayerRegistered) and made.payer_id.startswith("pyr_") and made.tds_bps == 0


@pytest.mark.parametrize("kind", ["clinic", "chain"])
def test_only_a_hospital_has_departments_and_payers(kind: str) -> None:
    world = an_organisation(kind)
    assert refused(world, DEPARTMENT, MANAGER).code == "FEATURE_NOT_ENABLED"
    assert refused(world, PAYER, FINANCE).code == "FEATURE_NOT_ENABLED"
