"""Patients: who they are, and their first contact with a branch."""

from __future__ import annotations

from event_store.aggregates.patient.commands import ConsentGiver, RecordConsent, RegisterPatient
from event_store.aggregates.patient.events import PatientPii
from mymedic.messages import Actor, EntryChannel
from simulator.calendar import day_of
from simulator.cast import Branch, Person
from simulator.stage import House

# Whoever turns 18 or less in the year of registration is brought by a guardian.
GROWN_UP = 19
NOTICE = "2026-04"


class People:
    """Registers patients and remembers them by branch."""

    def __init__(self, house: House) -> None:
        self._house = house

    def welcome(self, branch: Branch, specialty: str, name: str, channel: EntryChannel) -> Person:
        """Register a new patient, and a parent first when it is a child."""
        dice = self._house.stage.draws.of("patient", self._house.tenant.id, name)
        tables = self._house.stage.profile.patients
        age = dice.within(tables.child_age if specialty == "paediatrics" else tables.age)
        guardian = None
        phone = _phone(dice)
        if age < GROWN_UP:
            guardian = self._register(branch, f"{name}/parent", age + 22 + dice.between(0, 12), phone, None, channel)
        elif branch.people and dice.chance(tables.shares_phone):
            phone = f"+9190{dice.between(10_000_000, 10_000_099)}"
        person = self._register(branch, name, age, phone, guardian, channel)
        branch.people.append(person)
        return person

    def register_apart(self, branch: Branch, name: str, channel: EntryChannel) -> Person:
        """A grown-up new patient whom nobody will meet again."""
        phone = _phone(self._house.stage.draws.of("patient", self._house.tenant.id, name))
        return self._register(branch, name, 40, phone, None, channel)

    def _register(
        self, branch: Branch, name: str, age: int, phone: str, guardian: Person | None, channel: EntryChannel
    ) -> Person:
        house, tenant = self._house, self._house.tenant
        dice = house.stage.draws.of("identity", tenant.id, name)
        profile = house.stage.profile
        sex = dice.pick(profile.patients.sex)
        first = dice.one_of(profile.names.male if sex == "male" else profile.names.female)
        full_name = f"{first} {dice.one_of(profile.names.family)}"
        id = tenant.id_of("pat", name)
        today = day_of(house.now)
        person = Person(
            id, full_name, Actor(type="patient", id=id, roles=("PP",), patient_id=id), today, guardian is not None
        )
        actor = person.actor if channel == "portal" and guardian is None else branch.front_desk
        register = RegisterPatient(
            pii=PatientPii(name=full_name, phone_e164=phone),
            sex=sex,
            birth_year=today.year - age,
            city_id=branch.city.id,
            guardian_patient_id=guardian.id if guardian else None,
            branch_id=branch.id,
            force=True,
            patient_id=id,
        )
        house.stage.desk.ask(tenant.id, actor, register, id, channel=channel)
        giver = ConsentGiver(role="patient")
        if guardian is not None:
            giver = ConsentGiver(role="guardian", name=guardian.name, verified=True)
        consent = RecordConsent(patient_id=id, purpose="care", notice_version=NOTICE, given_by=giver)
        house.stage.desk.ask(tenant.id, actor, consent, id, "care", channel=channel)
        return person


def _phone(dice) -> str:
    return f"+91{dice.between(6, 9)}{dice.between(0, 999_999_999):09d}"
