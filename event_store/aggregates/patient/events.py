"""What happens to a patient. Who it is stands in the sealed parts alone."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from mymedic.messages import Event, Id, Sha256, Text, Timestamp

Sex = Literal["male", "female", "other", "unknown"]
Purpose = Literal["care", "messaging", "claims_share", "analytics", "abdm_link"]
GivenBy = Literal["patient", "guardian"]
FIRST_BIRTH_YEAR = 1880
BirthYear = Annotated[int, Meta(ge=FIRST_BIRTH_YEAR, le=2200)]
# E.164; numbers of India are mobile ones, which begin with 6 to 9
Phone = Annotated[str, Meta(pattern=r"^(\+91[6-9][0-9]{9}|\+(?!91)[1-9][0-9]{6,14})(?!\n)$")]
AbhaNumber = Annotated[str, Meta(pattern=r"^[0-9]{2}-?[0-9]{4}-?[0-9]{4}-?[0-9]{4}(?!\n)$")]
AbhaAddress = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._]{3,64}@[a-z]{2,16}(?!\n)$")]


class PatientPii(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    name: Text
    phone_e164: Phone
    dob: date | None = None
    abha_number: AbhaNumber | None = None
    abha_address: AbhaAddress | None = None
    address: Text | None = None


class PatientPiiPatch(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What changes of a patient's personal data; None leaves it as it was."""

    name: Text | None = None
    phone_e164: Phone | None = None
    dob: date | None = None
    abha_number: AbhaNumber | None = None
    abha_address: AbhaAddress | None = None
    address: Text | None = None


class ConsentPii(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    given_by_name: Text | None = None


class PatientRegistered(Event, frozen=True, kw_only=True):
    """The hashes are keyed: equal names and phones are findable inside the tenant, and unreadable.

    An erasure takes them out of the stored event.
    """

    version: ClassVar[int] = 2
    retention: ClassVar[tuple[str, ...]] = ("medico_legal",)
    patient_id: Id
    sex: Sex
    birth_year: BirthYear
    city_id: Id | None = None
    registered_branch_id: Id
    guardian_patient_id: Id | None = None
    phone_hash: Sha256 | None = None
    name_hash: Sha256 | None = None
    pii: PatientPii | None = None


class PatientUpdated(Event, frozen=True, kw_only=True):
    retention: ClassVar[tuple[str, ...]] = ("medico_legal",)
    sex: Sex | None = None
    birth_year: BirthYear | None = None
    city_id: Id | None = None
    phone_hash: Sha256 | None = None
    name_hash: Sha256 | None = None
    pii: PatientPiiPatch | None = None


class ConsentRecorded(Event, frozen=True, kw_only=True):
    retention: ClassVar[tuple[str, ...]] = ("medico_legal",)
    purpose: Purpose
    notice_version: Text
    given_by_role: GivenBy
    expires_at: Timestamp | None = None
    pii: ConsentPii | None = None


class ConsentWithdrawn(Event, frozen=True, kw_only=True):
    retention: ClassVar[tuple[str, ...]] = ("medico_legal",)
    purpose: Purpose


class PatientsMerged(Event, frozen=True, kw_only=True):
    """On the survivor's stream: from now on the duplicate's record counts as the survivor's, as it stands."""

    retention: ClassVar[tuple[str, ...]] = ("medico_legal",)
    survivor_id: Id
    duplicate_id: Id
    reason: Text


class PatientsUnmerged(Event, frozen=True, kw_only=True):
    retention: ClassVar[tuple[str, ...]] = ("medico_legal",)
    survivor_id: Id
    duplicate_id: Id


EVENTS: tuple[type[Event], ...] = (
    PatientRegistered,
    PatientUpdated,
    ConsentRecorded,
    ConsentWithdrawn,
    PatientsMerged,
    PatientsUnmerged,
)
