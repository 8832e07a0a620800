"""The tables of chance and custom that a profile is made of."""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec import Struct

from simulator.draws import Table


class Festival(Struct, forbid_unknown_fields=True):
    name: str
    from_: date = msgspec.field(name="from")
    days: int
    factor: float


class CalendarTable(Struct, forbid_unknown_fields=True):
    bank_holidays: list[date]
    festival: list[Festival] = []


class Monsoon(Struct, forbid_unknown_fields=True):
    months: list[int]
    specialties: list[str]
    factor: float


class DemandTable(Struct, forbid_unknown_fields=True):
    day_of_week: list[float]
    growth_per_week: float
    hour: Table
    takes_freed_slot: float
    monsoon: Monsoon


class BookingTable(Struct, forbid_unknown_fields=True):
    lead_days: Table
    channel: Table
    new_patient: float
    tele: float
    waives_deposit: float
    wrong: float
    cosmetic: float
    package: float

    def planned_lead(self) -> Table:
        """The lead of those who do not walk in: walk-ins are already part of the bookings of the same day."""
        days = sum(weight for _, weight in self.lead_days.rows)
        walk_in = sum(weight for name, weight in self.channel.rows if name == "walk_in")
        share = days * walk_in / sum(weight for _, weight in self.channel.rows)
        return Table((lead, weight - share if lead == (0, 0) else weight) for lead, weight in self.lead_days.rows)


class CareTable(Struct, forbid_unknown_fields=True):
    """What doctors ask patients to have done and to come again for, and what patients make of it.

    By the specialty's chance a patient means to have the advice performed in the window. `answer_of_willing` is what
    those say, accepted or silent, `answer_of_others` what the others do; `advice_else` becomes of others who did not
    decline: `late`, `revoked` or `nothing`. Days are [low, high] from the visit; the figures of `follow_up` are the
    tenant's policy.
    """

    advises: float
    answer_of_willing: Table
    answer_of_others: Table
    advice_else: Table
    window_days: int
    performed_within: tuple[int, int]
    performed_late: tuple[int, int]
    performed_elsewhere: float
    unscheduled: float
    by_portal: float
    follows_up: float
    due_in: tuple[int, int]
    any_practitioner: float
    follow_up_fate: Table
    amends: float
    amends_late: float
    moved_by: tuple[int, int]
    follow_up: FollowUpRow


class FollowUpRow(Struct, forbid_unknown_fields=True):
    """The tenant's follow-up policy, in days."""

    free_days: int
    early_days: int
    late_days: int
    lapse_days: int


class PatientsTable(Struct, forbid_unknown_fields=True):
    age: Table
    child_age: Table
    sex: Table
    shares_phone: float


class NoshowFactor(Struct, forbid_unknown_fields=True):
    lead_days: list[tuple[int, float]]
    deposit_paid: float
    new_patient: float
    prior_noshows: list[tuple[int, float]]
    tele: float
    saturday_evening: float
    cap: float


class AttendanceTable(Struct, forbid_unknown_fields=True):
    cancels: float
    cancel_lead: Table
    cancel_reason: Table
    provider_cancels: float
    reschedules: float
    provider_reschedules: float
    reschedule_days: Table
    leaves_unseen: float
    noshow_marked_by_staff: float
    noshow_comes_late: float
    minutes_late: Table
    noshow_factor: NoshowFactor


class PaymentTable(Struct, forbid_unknown_fields=True):
    counter: Table
    small_city_cash: float
    portal: Table
    card_type: Table
    card_network: Table
    outcome: Table
    retries: float
    mistyped: float
    corrected: float
    corrected_bps: Table
    discounted: float
    discount_bps: Table
    unpaid: float
    writes_off: float

    def counter_in(self, tier: str) -> Table:
        """The modes of payment in a city: in a small one some points move from all others to cash."""
        if tier != "T2":
            return self.counter
        total = sum(weight for _, weight in self.counter.rows)
        cash = sum(weight for (mode, _), weight in self.counter.rows if mode == "cash")
        others = (total - cash - self.small_city_cash) / (total - cash)
        return Table(
            ((mode, channel), weight + self.small_city_cash if mode == "cash" else weight * others)
            for (mode, channel), weight in self.counter.rows
        )


class RefundsTable(Struct, forbid_unknown_fields=True):
    """`instant`: share of the gateway's refunds that it is asked to pay at once, for a fee."""

    instant: float
    answered_in_seconds: Table


class DrawerTable(Struct, forbid_unknown_fields=True):
    float_paise: int
    petty_expense: float
    petty_rupees: tuple[int, int]
    count: Table
    short_rupees: tuple[int, int]
    over_rupees: tuple[int, int]


class GatewayTable(Struct, forbid_unknown_fields=True):
    name: str
    settle_days: int
    webhook_secret: str
    settles_at: str
    file_at: str
    formats: Table


class AcquirerTable(Struct, forbid_unknown_fields=True):
    name: str
    settle_days: int
    settles_at: str
    file_at: str


class BankTable(Struct, forbid_unknown_fields=True):
    account: str
    statement_at: str
    opening_rupees: int
    charge_rupees: int


class FeesTable(Struct, forbid_unknown_fields=True):
    rate: list[tuple[str, str, str, int, int]]
    debit_reduced_bps: int
    debit_reduced_upto_paise: int
    gst_bps: int
    gst_exempt_upto_paise: int


class RosterTable(Struct, forbid_unknown_fields=True):
    """Chances per practitioner and branch: of a day's leave, of a slot more, less or roomier, and of going for good."""

    leave: float
    extra: float
    closes: float
    roomier: float
    goes: float


class NamesTable(Struct, forbid_unknown_fields=True):
    female: list[str]
    male: list[str]
    family: list[str]
