"""The reports by name: `REPORTS` are all, `SURFACES` those that finance gets as files every month."""

from __future__ import annotations

from exports.finance.surface import Surface
from exports.finance.surfaces.care import CANCELLATIONS, CONVERSION, FOLLOWUP, NOSHOW, RETENTION
from exports.finance.surfaces.chain import BRIDGE, CHAIN, LEAKAGE, PRICE, VARIANCE, YIELD
from exports.finance.surfaces.hospital import CENSUS, CLAIMS
from exports.finance.surfaces.imported import OVERCOLLECTED
from exports.finance.surfaces.ledger import FINANCIAL, TRIAL_BALANCE
from exports.finance.surfaces.settlement import AGEING, EXCEPTIONS, FEES, SETTLEMENT

SURFACES: dict[str, Surface] = {
    surface.name: surface for surface in (SETTLEMENT, VARIANCE, LEAKAGE, NOSHOW, EXCEPTIONS)
}
REPORTS: dict[str, Surface] = SURFACES | {
    surface.name: surface
    for surface in (
        *(CHAIN, YIELD, PRICE, BRIDGE, CANCELLATIONS, FOLLOWUP, CONVERSION),
        *(AGEING, FEES, FINANCIAL, TRIAL_BALANCE, CENSUS, CLAIMS, RETENTION, OVERCOLLECTED),
    )
}
