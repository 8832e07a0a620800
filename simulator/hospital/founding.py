"""Day nought of a hospital: its beds, what is charged on its wards, and the payers that it has contracts with."""

from __future__ import annotations

from dataclasses import dataclass, field

from event_store.aggregates.admission.events import BedClass
from event_store.aggregates.bed.commands import RegisterBed
from event_store.aggregates.tenant.commands import DefineService, RegisterPayer
from event_store.aggregates.tenant.events import ServiceKind
from simulator.books.stays import Bed
from simulator.cast import Branch, Service
from simulator.hospital.tables import PayerRow, WardRow
from simulator.stage import House

BEDS_IN_A_ROOM = 2


@dataclass(slots=True)
class Catalogue:
    """Ids of the services that wards charge for: the room by class, tests, operations."""

    rooms: dict[BedClass, tuple[str, WardRow]] = field(default_factory=dict)
    test: str = ""
    operation: str = ""


def found(house: House) -> tuple[dict[str, list[Bed]], Catalogue]:
    """Register everything; the beds by branch."""
    catalogue, table = Catalogue(), house.stage.profile.hospital
    for ward in table.ward:
        id = _service(house, f"ROOM-{ward.class_.upper()}", f"{ward.name}, bed-day", "room", ward.gst_bps)
        catalogue.rooms[ward.class_] = (id, ward)
    catalogue.test = _service(house, "WARD-TEST", "Test on the ward", "investigation", 0)
    catalogue.operation = _service(house, "WARD-OPER", "Operation", "procedure", 0)
    for payer in table.payer:
        _payer(house, payer)
    beds = {branch.key: list(_beds(house, branch, table.ward)) for branch in house.tenant.branches.values()}
    house.ledger.beds += [bed for branch in beds.values() for bed in branch]
    return beds, catalogue


def _service(house: House, code: str, name: str, kind: ServiceKind, gst_bps: int) -> str:
    tenant = house.tenant
    id, specialty = tenant.id_of("svc", code), next(iter(tenant.consultation))
    command = DefineService(
        code=code,
        name=name,
        kind=kind,
        specialty_id=tenant.id_of("spc", specialty),
        sac="999311",
        gst_bps=gst_bps,
        duration_min=60,
        service_id=id,
    )
    house.stage.desk.ask(tenant.id, tenant.manager, command, code, aggregate_id=tenant.id)
    tenant.on_wards[id] = Service(id, kind, tenant.consultation[specialty].specialty, gst_bps)
    return id


def _payer(house: House, payer: PayerRow) -> None:
    tenant = house.tenant
    id = tenant.id_of("pyr", payer.id)
    command = RegisterPayer(name=payer.name, kind=payer.kind, tds_bps=payer.tds_bps, payer_id=id)
    house.stage.desk.ask(tenant.id, tenant.finance, command, payer.id, aggregate_id=tenant.id)


def _beds(house: House, branch: Branch, wards: list[WardRow]):
    tenant = house.tenant
    for ward in wards:
        for number in range(branch.row.beds.get(ward.class_, 0)):
            id = tenant.id_of("bed", branch.key, ward.class_, str(number))
            room = f"{ward.class_[0].upper()}{number // BEDS_IN_A_ROOM + 1}"
            command = RegisterBed(
                branch_id=branch.id, ward=ward.name, room=room, label=f"{number + 1}", class_=ward.class_, bed_id=id
            )
            house.stage.desk.ask(tenant.id, tenant.manager, command, id)
            yield Bed(id, branch, ward.name, ward.class_, [(house.now, "available")])
