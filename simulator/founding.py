"""Day nought: the commands that found a tenant, its catalogue, its branches, its people and their schedules."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from event_store.aggregates.branch.commands import RegisterBranch
from event_store.aggregates.branch.events import OpenHours
from event_store.aggregates.policy.commands import PublishPolicy
from event_store.aggregates.policy.events import PolicyScope
from event_store.aggregates.practitioner.commands import RegisterPractitioner
from event_store.aggregates.practitioner.events import PractitionerRole
from event_store.aggregates.price.commands import SetPrice
from event_store.aggregates.price.events import PriceScope
from event_store.aggregates.schedule.commands import PublishSchedule
from event_store.aggregates.schedule.events import Mode, SlotsGenerated, WeeklyHours
from event_store.aggregates.tenant.commands import DefineService, DefineSpecialty, RegisterTenant, UpdateTenantSettings
from event_store.aggregates.tenant.events import Calendar, PackageComponent, SettingsPatch
from event_store.recorded import Recorded
from mymedic.messages import Actor, Command
from mymedic.policies import CancellationBody, DepositBody, FollowUpBody, ForfeitTier
from simulator.calendar import IST
from simulator.cast import Branch, Practitioner, Service, Sitting, Slot, Tenant, user
from simulator.desk import Desk
from simulator.draws import Draws
from simulator.price_list import PriceList
from simulator.profile import RUPEE, BranchRow, PackageRow, Profile, SpecialtyRow, TenantRow

OPENED_ON = date(2024, 4, 1)
COSMETIC_GST_BPS = 1_800
DRESSING_RUPEES = 300
SHARE_BPS = 6_000


class Founder:
    """Founds one tenant after another and hands out what the rest of the simulator needs to know of them."""

    def __init__(self, profile: Profile, desk: Desk, draws: Draws, prices: PriceList) -> None:
        self._profile = profile
        self._prices = prices
        self._desk = desk
        self._draws = draws
        self._sittings: dict[str, Sitting] = {}
        desk.watch("SlotsGenerated", self._note_slots)

    def found(self, row: TenantRow, index: int) -> Tenant:
        tenant = Tenant(row.id, index, row, user(row.id, "manager", "CM"), user(row.id, "finance", "FN"))
        home = next(city for city in self._profile.city if city.id == row.branch[0].city)
        engineer = user(row.id, "engineer", "EN")
        self._ask(tenant, engineer, RegisterTenant(name=row.name, kind=row.kind, state_code=home.state_code), row.id)
        holidays = Calendar(holidays=tuple(self._profile.calendar.bank_holidays))
        self._manage(tenant, UpdateTenantSettings(patch=SettingsPatch(calendar=holidays)), "calendar", id=tenant.id)
        self._publish_policies(tenant)
        for specialty in self._specialties_of(row):
            self._define(tenant, specialty)
        for package in self._profile.package if row.kind != "clinic" else ():
            if package.specialty in tenant.consultation:
                self._put_together(tenant, package)
        for number, branch in enumerate(row.branch):
            self._open_branch(tenant, branch, number)
        for branch in row.branch:
            for number, who in enumerate(branch.practitioners):
                self._engage(tenant, branch, number, who)
        self._define_dressing(tenant)
        return tenant

    def _specialties_of(self, row: TenantRow) -> list[SpecialtyRow]:
        wanted = {who[0] for branch in row.branch for who in branch.practitioners}
        return [specialty for specialty in self._profile.specialty if specialty.id in wanted]

    def _publish_policies(self, tenant: Tenant) -> None:
        row, now = tenant.row, self._desk.clock.now()
        deposit = DepositBody(
            mode=row.deposit.mode,
            bps=row.deposit.bps,
            fixed_paise=row.deposit.fixed_rupees * RUPEE,
            min_paise=row.deposit.min_rupees * RUPEE,
            channels=tuple(row.deposit.channels),
        )
        cancellation = CancellationBody(
            tiers=tuple(ForfeitTier(min_lead_seconds=lead, forfeit_bps=bps) for lead, bps in row.cancellation.tiers),
            noshow_forfeit_bps=row.cancellation.noshow_forfeit_bps,
        )
        scope = PolicyScope(level="tenant")
        publish = PublishPolicy(kind="deposit", scope=scope, body=deposit, effective_from=now)
        self._manage(tenant, publish, "deposit")
        publish = PublishPolicy(kind="cancellation", scope=scope, body=cancellation, effective_from=now)
        self._manage(tenant, publish, "cancellation")
        rule = self._profile.care.follow_up
        follow_up = FollowUpBody(
            free_days=rule.free_days,
            early_days=rule.early_days,
            late_days=rule.late_days,
            lapse_days=rule.lapse_days,
        )
        publish = PublishPolicy(kind="follow_up", scope=scope, body=follow_up, effective_from=now)
        self._manage(tenant, publish, "follow_up")

    def _define(self, tenant: Tenant, specialty: SpecialtyRow) -> None:
        specialty_id = tenant.id_of("spc", specialty.id)
        self._manage(
            tenant, DefineSpecialty(name=specialty.name, specialty_id=specialty_id), specialty.id, id=tenant.id
        )
        consult = Service(tenant.id_of("svc", specialty.id), "consultation", specialty, 0)
        tenant.consultation[specialty.id] = consult
        self._define_service(tenant, consult, specialty.name + " consultation", "999312")
        if specialty.procedure:
            is_cosmetic = specialty.id == "dermatology"
            gst_bps = COSMETIC_GST_BPS if is_cosmetic else 0
            procedure = Service(tenant.id_of("svc", specialty.id, "procedure"), "procedure", specialty, gst_bps)
            tenant.procedure[specialty.id] = procedure
            if is_cosmetic:
                tenant.cosmetic[specialty.id] = procedure
            self._define_service(tenant, procedure, specialty.procedure, "999722" if is_cosmetic else "999316")
        if tenant.investigation is None:
            tenant.investigation = Service(tenant.id_of("svc", "blood"), "investigation", specialty, 0)
            self._define_service(tenant, tenant.investigation, "Blood panel", "999316")

    def _define_dressing(self, tenant: Tenant) -> None:
        """What every practice does on the side: one price everywhere, and nobody books it."""
        specialty = next(iter(tenant.consultation.values())).specialty
        tenant.dressing = Service(tenant.id_of("svc", "dressing"), "procedure", specialty, 0)
        tenant.dressing_paise = DRESSING_RUPEES * RUPEE
        define = DefineService(
            code="DRESSING",
            name="Dressing",
            kind="procedure",
            specialty_id=tenant.id_of("spc", specialty.id),
            sac="999312",
            gst_bps=0,
            duration_min=10,
            service_id=tenant.dressing.id,
        )
        self._manage(tenant, define, "DRESSING", id=tenant.id)
        price = SetPrice(
            service_id=tenant.dressing.id,
            scope=PriceScope(level="tenant"),
            amount_paise=tenant.dressing_paise,
            tax_inclusive=True,
            effective_from=self._desk.clock.now(),
        )
        self._manage(tenant, price, "DRESSING")

    def _put_together(self, tenant: Tenant, row: PackageRow) -> None:
        """A package of the specialty's consultation and some investigations."""
        consult = tenant.consultation[row.specialty]
        package = Service(tenant.id_of("svc", row.id), "package", consult.specialty, 0, row.rupees)
        for name, rupees in row.parts:
            part = consult
            if package.parts:
                part = Service(tenant.id_of("svc", row.id, name), "investigation", consult.specialty, 0, rupees)
                self._define_service(tenant, part, name, "999316", f"{row.id}-{name}".upper())
            package.parts.append((part, rupees * RUPEE))
        self._define_service(tenant, package, row.name, "999312", row.id.upper())
        tenant.packages[row.specialty] = package

    def _define_service(self, tenant: Tenant, service: Service, name: str, sac: str, code: str = "") -> None:
        specialty = service.specialty
        code = code or f"{specialty.id[:5].upper()}-{service.kind[:4].upper()}"
        define = DefineService(
            code=code,
            name=name,
            kind=service.kind,
            specialty_id=tenant.id_of("spc", specialty.id),
            sac=sac,
            gst_bps=service.gst_bps,
            duration_min=specialty.slot_minutes,
            components=tuple(
                PackageComponent(service_id=part.id, list_price_paise=paise) for part, paise in service.parts
            ),
            service_id=service.id,
            conversion_window_days=self._profile.care.window_days,
        )
        self._manage(tenant, define, code, id=tenant.id)
        self._prices.publish(tenant, service)

    def _open_branch(self, tenant: Tenant, row: BranchRow, number: int) -> None:
        branch_id = tenant.id_of("brn", row.id)
        city = next(city for city in self._profile.city if city.id == row.city)
        hours = tuple(OpenHours(dow=dow, start="08:00", end="22:00") for dow in range(1, 8))
        command = RegisterBranch(
            name=row.name,
            city_id=city.id,
            pincode=row.pincode,
            opened_on=self._open_between(row)[0] if row.opens_on_day else OPENED_ON,
            open_hours=hours,
            branch_id=branch_id,
        )
        self._manage(tenant, command, row.id)
        desk = user(tenant.id, f"desk {row.id}", "FD", branches=(branch_id,))
        second_desk = user(tenant.id, f"second desk {row.id}", "FD", branches=(branch_id,))
        tenant.branches[row.id] = Branch(branch_id, row.id, number, row, city, desk, second_desk)

    def _open_between(self, row: BranchRow) -> tuple[date, date]:
        """The first and the last day of the run on which a branch is open."""
        first = self._profile.start_on + timedelta(days=max(row.opens_on_day, 1) - 1)
        return first, self._profile.start_on + timedelta(days=(row.closes_after_day or self._profile.days) - 1)

    def _engage(self, tenant: Tenant, branch: BranchRow, number: int, who: list[str]) -> None:
        """Register a practitioner ([specialty, sessions, other branch, its sessions, …]) and publish the schedules."""
        specialty = next(row for row in self._profile.specialty if row.id == who[0])
        id = tenant.id_of("prac", branch.id, str(number))
        dice, names = self._draws.of("practitioner", tenant.id, branch.id, number), self._profile.names
        name = f"Dr {dice.one_of(dice.one_of((names.female, names.male)))} {dice.one_of(names.family)}"
        actor = Actor(type="user", id=id, roles=("DR",), practitioner_id=id)
        practitioner = Practitioner(id, name, specialty, actor)
        places = [(branch.id, who[1]), *zip(who[2::2], who[3::2], strict=True)]
        roles = tuple(
            PractitionerRole(branch_id=tenant.branches[place].id, share_bps=SHARE_BPS, from_=OPENED_ON)
            for place, _ in places
        )
        command = RegisterPractitioner(
            name=name,
            specialty_id=tenant.id_of("spc", specialty.id),
            registration_no=f"{branch.id.upper()}/{number:03d}",
            roles=roles,
            practitioner_id=id,
        )
        self._manage(tenant, command, id)
        for place, sessions in places:
            self._publish(tenant, practitioner, tenant.branches[place], sessions)

    def _publish(self, tenant: Tenant, practitioner: Practitioner, branch: Branch, sessions: str) -> None:
        id = tenant.id_of("sch", practitioner.id, branch.id)
        sitting = self._sittings[id] = Sitting(id, practitioner, branch, sessions)
        branch.sittings.append(sitting)
        specialty, (days, start, end) = practitioner.specialty, self._profile.sessions[sessions]
        services = [tenant.consultation[specialty.id]]
        if specialty.id in tenant.procedure:
            services.append(tenant.procedure[specialty.id])
        if specialty.id in tenant.packages:
            services.append(tenant.packages[specialty.id])
        first, last = self._open_between(branch.row)
        mode: Mode = "both" if specialty.tele else "in_person"
        weekly = tuple(
            WeeklyHours(
                dow=dow,
                start=start,
                end=end,
                slot_minutes=specialty.slot_minutes,
                capacity=specialty.capacity,
                mode=mode,
            )
            for dow in days
        )
        command = PublishSchedule(
            practitioner_id=practitioner.id,
            branch_id=branch.id,
            service_ids=tuple(service.id for service in services),
            valid_from=first,
            valid_to=last,
            weekly=weekly,
            schedule_id=id,
        )
        self._manage(tenant, command, id)

    def _note_slots(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, SlotsGenerated)
        sitting = self._sittings[recorded.stream_id.partition("-")[2]]
        sitting.slots[event.business_date] = [
            Slot(slot.slot_id, sitting, slot.start_at, slot.end_at, slot.mode, slot.capacity, slot.capacity)
            for slot in event.slots
        ]

    def _manage(self, tenant: Tenant, command: Command, *name: str, id: str | None = None) -> None:
        self._ask(tenant, tenant.manager, command, *name, id=id)

    def _ask(self, tenant: Tenant, actor: Actor, command: Command, *name: str, id: str | None = None) -> None:
        self._desk.ask(tenant.id, actor, command, *name, aggregate_id=id or None)


def founding_moment(profile: Profile) -> datetime:
    """The morning before the first day."""
    eve = profile.start_on - timedelta(days=1)
    return datetime(eve.year, eve.month, eve.day, 9, tzinfo=IST)
