"""The stable codes: everything that MyMedic refuses, it refuses with one of these."""

from __future__ import annotations

from typing import Any, NamedTuple


class Code(NamedTuple):
    """HTTP status of a code and whether trying again unchanged can help."""

    http_status: int
    retryable: bool = False


def _codes(http_status: int, names: str) -> dict[str, Code]:
    return {name: Code(http_status) for name in names.split()}


CODES: dict[str, Code] = {
    **_codes(401, "SIGNATURE_INVALID UNAUTHENTICATED"),
    **_codes(402, "DEPOSIT_REQUIRED DEPOSIT_INSUFFICIENT"),
    **_codes(
        403,
        "TENANT_MISMATCH TENANT_SUSPENDED FEATURE_NOT_ENABLED FORBIDDEN FORBIDDEN_BRANCH"
        " FOUR_EYES_REQUIRED CONSENT_REQUIRED REFUND_LIMIT QUERY_NOT_ALLOWED",
    ),
    **_codes(404, "NOT_FOUND SLOT_NOT_FOUND"),
    **_codes(405, "METHOD_NOT_ALLOWED"),
    **_codes(
        409,
        "IDEMPOTENCY_CONFLICT ALREADY_EXISTS INVALID_STATE SLOT_UNAVAILABLE SLOT_BLOCKED SLOT_OVERLAP"
        " PATIENT_DOUBLE_BOOKED PRACTITIONER_INACTIVE BRANCH_CLOSED SCHEDULE_HAS_BOOKINGS"
        " CAPACITY_BELOW_BOOKED HOLD_EXPIRED PRICE_CHANGED PRICE_OVERLAP RESCHEDULE_LIMIT"
        " RESCHEDULE_TOO_LATE CANCEL_AFTER_START TOO_EARLY NOSHOW_TOO_EARLY NOSHOW_REVERSAL_WINDOW"
        " ENCOUNTER_OPEN PATIENT_MERGED AMOUNT_MISMATCH PAYMENT_NOT_CAPTURED PAYMENT_DUPLICATE RRN_REUSED"
        " REFUND_EXCEEDS_CAPTURED REFUND_WINDOW_CLOSED FORFEIT_EXCEEDS_HELD ALLOCATION_EXCEEDS_PAYMENT"
        " ALLOCATION_EXCEEDS_INVOICE CREDIT_EXCEEDS_INVOICE DISPUTE_OPEN CASH_SESSION_REQUIRED"
        " CASH_SESSION_OPEN CASH_INSUFFICIENT FILE_DUPLICATE PERIOD_CLOSED RECON_NOT_BALANCED"
        " RECON_ITEM_STALE BED_OCCUPIED BED_UNAVAILABLE PATIENT_ALREADY_ADMITTED DISCHARGE_BLOCKED"
        " CHARGES_EXIST COVERAGE_INACTIVE PREAUTH_REQUIRED CLAIM_EXCEEDS_INVOICE DECISION_EXCEEDS_CLAIM"
        " SETTLEMENT_EXCEEDS_APPROVED LEGAL_HOLD_ACTIVE RETENTION_NOT_ELAPSED NOTICE_PERIOD_RUNNING",
    ),
    "VERSION_CONFLICT": Code(409, retryable=True),
    **_codes(410, "PATIENT_ERASED"),
    **_codes(413, "BODY_TOO_LARGE"),
    **_codes(415, "MEDIA_TYPE_UNSUPPORTED"),
    **_codes(
        422,
        "VALIDATION_FAILED CLOCK_SKEW BOOKED_AFTER_START SLOT_IN_PAST PRICE_NOT_FOUND POLICY_NOT_FOUND"
        " POLICY_INVALID BACKDATED_CHANGE GUARDIAN_REQUIRED AMOUNT_INVALID CURRENCY_UNSUPPORTED"
        " MODE_CHANNEL_INVALID INVOICE_EMPTY FILE_BAD_HEADER FILE_BAD_AMOUNT FILE_TOTAL_MISMATCH"
        " FILE_BAD_ROW EXPORT_SCOPE_INVALID MAPPING_INVALID IMPORT_ROW_INVALID",
    ),
    "RATE_LIMITED": Code(429, retryable=True),
    **_codes(500, "SCHEMA_VERSION_UNKNOWN FEED_GAP CHAIN_BROKEN LANDING_CORRUPT"),
    "STORE_UNAVAILABLE": Code(503, retryable=True),
    "STORE_LOCKED": Code(503, retryable=True),
    "NOT_YET_VISIBLE": Code(503, retryable=True),
    "STORE_FULL": Code(507, retryable=True),
}


class Refused(Exception):
    """Something was refused: a stable `code`, a sentence for a person, and where it was.

    `details` holds what a program needs to point at the place: field, file, row, column, hint, ids.
    """

    def __init__(self, code: str, message: str, **details: Any) -> None:
        assert code in CODES, code
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it can be raised on in the process that asked."""
        return _refused, (self.code, self.message, self.details)

    @property
    def http_status(self) -> int:
        return CODES[self.code].http_status

    @property
    def retryable(self) -> bool:
        return CODES[self.code].retryable

    def __str__(self) -> str:
        where = ", ".join(f"{name}={value}" for name, value in self.details.items() if value is not None)
        return f"{self.code}: {self.message}" + (f" ({where})" if where else "")


def _refused(code: str, message: str, details: dict[str, Any]) -> Refused:
    return Refused(code, message, **details)


def not_found(aggregate: str, id: str) -> Refused:
    """The one answer for an id that is not there, whoever asks and whatever else might be true of it."""
    return Refused("NOT_FOUND", f"there is no {aggregate.replace('_', ' ')} {id}", id=id)
