"""Which records are one human being. A merge rewrites nothing, so whoever compares patients asks here."""

from __future__ import annotations

from typing import Any

from mymedic.deciding import Context, Streams, check

# (duplicate -> survivor): claimed on the survivor's stream, so that a record has at most one survivor
ALIAS = "patient_alias"


def survivor_of(streams: Streams, patient_id: str) -> str:
    """The record that a patient's records were merged into; the id itself when it was never a duplicate."""
    while (survivor_id := streams.holder(ALIAS, patient_id)) is not None:
        patient_id = survivor_id
    return patient_id


def same_patient(streams: Streams, one: str, other: str) -> bool:
    """Whether two ids are the same human being."""
    return one == other or survivor_of(streams, one) == survivor_of(streams, other)


def records_of(streams: Streams, patient_id: str) -> list[str]:
    """Every id of the human being behind an id: the survivor first, then what was merged into it, as it was."""
    return with_duplicates(streams, survivor_of(streams, patient_id))


def with_duplicates(streams: Streams, patient_id: str) -> list[str]:
    """A record and what was merged into it, and into that."""
    found = [patient_id]
    for duplicate_id in streams.state("patient", patient_id).duplicates:
        found += with_duplicates(streams, duplicate_id)
    return found


def related_to(streams: Streams, aggregate: str, patient_id: str) -> list[Any]:
    """As `related(aggregate, "patient", …)`, over every record of the human being."""
    return [state for id in records_of(streams, patient_id) for state in streams.related(aggregate, "patient", id)]


def is_erased(streams: Streams, patient_id: str) -> bool:
    # the subject's stream, not the patient's, tells of a destruction
    return getattr(streams.state("data_subject", patient_id), "is_erased", False)


def is_payment_of_erased(streams: Streams, kind: str, reference: str) -> bool:
    """Whether a reference that the gateway or a bank gives is that of a payment whose patient has been erased."""
    payment_id = streams.holder(kind, reference)
    if payment_id is None:
        return False
    return is_erased(streams, survivor_of(streams, streams.state("payment", payment_id).patient_id))


def check_not_erased(context: Context, patient_id: str) -> None:
    """PATIENT_ERASED once the patient's data has been destroyed: nothing personal may be sealed for them again."""
    check(not is_erased(context, patient_id), "PATIENT_ERASED", "the patient's data has been erased")


def check_present(context: Context, patient_id: str) -> Any:
    """The patient's state; NOT_FOUND, PATIENT_ERASED, or PATIENT_MERGED with the survivor to use instead."""
    patient = context.require("patient", patient_id)
    check_not_erased(context, patient_id)
    check_not_merged(context, patient_id)
    return patient


def check_not_merged(context: Context, patient_id: str) -> None:
    """PATIENT_MERGED, with the survivor to use instead, for the record of a duplicate."""
    survivor_id = survivor_of(context, patient_id)
    check(
        survivor_id == patient_id,
        "PATIENT_MERGED",
        "this record was merged into another; use the survivor",
        survivor_id=survivor_id,
    )
