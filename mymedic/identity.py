"""Who is behind a patient's id: what a room that may not open personal data is handed by whoever starts it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, Protocol, get_args

from msgspec import Struct

from mymedic.messages import Actor

IdentityField = Literal["name", "phone_e164", "birth_year", "age_years"]
IDENTITY_FIELDS: tuple[IdentityField, ...] = get_args(IdentityField)


class Person(Struct, frozen=True, kw_only=True):
    """What was asked of one patient. `patient_id` is the survivor's where records were merged.

    None stands in a field that was not asked for, and in one that cannot be read any more: then `is_redacted`.
    `age_years` is in full years on the day of asking; without a readable day of birth it goes by the year alone.
    """

    patient_id: str
    name: str | None = None
    phone_e164: str | None = None
    birth_year: int | None = None
    age_years: int | None = None
    is_redacted: bool = False


class IdentityLookup(Protocol):
    """The one door to names."""

    def people(
        self,
        tenant_id: str,
        actor: Actor,
        patient_ids: Collection[str],
        fields: Collection[IdentityField] = IDENTITY_FIELDS,
        *,
        justification: str | None = None,
        needs_all: bool = False,
    ) -> Mapping[str, Person]:
        """The people whom the actor may see, under the ids that were asked for; erased ones are redacted, no error.

        An id out of the actor's reach is left out, as is an unknown one; with `needs_all` either is NOT_FOUND, and
        nothing is read. FORBIDDEN for who may see nobody; VALIDATION_FAILED for an auditor without a justification.
        What an auditor reads is in the log before it is returned.
        """
