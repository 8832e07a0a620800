"""The tables of chance and custom of a hospital's wards and payers."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from event_store.aggregates.admission.events import BedClass
from event_store.aggregates.tenant.events import PayerKind
from simulator.draws import Table


class WardRow(Struct, forbid_unknown_fields=True, kw_only=True):
    """`room_rupees` a night, tax included at `gst_bps`."""

    class_: BedClass = msgspec.field(name="class")
    name: str
    room_rupees: int
    gst_bps: int = 0
    weight: float = 1.0


class PayerRow(Struct, forbid_unknown_fields=True):
    """`bank_name` is what stands on the bank's statement; `tds_bps` is kept back of what is paid."""

    id: str
    name: str
    kind: PayerKind
    bank_name: str
    weight: float
    tds_bps: int = 1_000


class ClaimTable(Struct, forbid_unknown_fields=True):
    """Times are ranges of whole hours or days; amounts are shares in basis points."""

    insured: float
    copay_bps: int
    preauth_queried: float
    preauth_approved: float
    preauth_hours: Table
    claim_queried: float
    decided_days: Table
    outcome: Table
    disallowed_bps: tuple[int, int]
    reprocessed: float
    deducted: float
    paid_days: Table


class HospitalTable(Struct, forbid_unknown_fields=True):
    """`follow_days`: what would happen later than so many days after the last one is not played."""

    admits: float
    nights: Table
    transfers: float
    cancels_admission: float
    cancels_discharge: float
    repaired: float
    outlook_changes: float
    disposition: Table
    tests_a_day: Table
    test_rupees: Table
    test_taken_back: float
    operated: float
    operation_rupees: tuple[int, int]
    advance_rupees: int
    pays_by: Table
    follow_days: int
    ward: list[WardRow]
    payer: list[PayerRow]
    claim: ClaimTable
