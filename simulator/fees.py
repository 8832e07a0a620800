"""What gateway and acquirer charge, as the make-believe ones compute it."""

from __future__ import annotations

from typing import Protocol

from simulator.forfeits import half_up
from simulator.tables import FeesTable


class Paid(Protocol):
    """How something was paid; all that a fee depends on beside the amount."""

    @property
    def channel(self) -> str: ...

    @property
    def mode(self) -> str: ...

    @property
    def card_type(self) -> str: ...


class Fees:
    """Fee and tax of a payment, by channel, mode and card."""

    def __init__(self, table: FeesTable) -> None:
        self._table = table
        self._rates = {(channel, mode, card): (bps, fixed) for channel, mode, card, bps, fixed in table.rate}

    def of(self, paid: Paid, amount_paise: int) -> tuple[int, int]:
        """(fee without tax, tax) of an amount paid as this payment was."""
        bps, fixed = self._rates[paid.channel, paid.mode, paid.card_type]
        if paid.card_type == "debit" and amount_paise <= self._table.debit_reduced_upto_paise:
            bps = self._table.debit_reduced_bps
        fee = half_up(amount_paise * bps, 10_000) + fixed
        exempt = paid.mode == "card" and amount_paise <= self._table.gst_exempt_upto_paise
        return fee, 0 if exempt else half_up(fee * self._table.gst_bps, 10_000)
