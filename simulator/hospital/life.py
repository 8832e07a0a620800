"""The hospital, wired: who considers an admission, and what follows from it."""

from __future__ import annotations

from simulator.acquirer import Acquirer
from simulator.bank import Bank
from simulator.drawers import Drawers
from simulator.hospital.cashier import Cashier
from simulator.hospital.charges import Charges
from simulator.hospital.claims import Claims
from simulator.hospital.diary import Diary
from simulator.hospital.founding import found
from simulator.hospital.remittance import Remittance
from simulator.hospital.wards import Wards
from simulator.stage import House


def open_wards(house: House, drawers: Drawers, acquirer: Acquirer, bank: Bank) -> Wards:
    """Found the wards of a hospital and staff them."""
    beds, catalogue = found(house)
    diary = Diary(house)
    cashier = Cashier(diary, drawers, acquirer, bank)
    claims = Claims(diary, Remittance(diary, bank, cashier))
    return Wards(diary, beds, Charges(diary, catalogue, cashier, claims), claims)
