"""A refusal as gRPC says it: the nearest status, and a typed `Problem` with our code in the trailing metadata."""

from __future__ import annotations

import grpc
import msgspec

from event_store.api.problems import retry_after
from event_store.api.rpc.schema import PACKAGE, Schema
from event_store.api.rpc.translate import filled
from mymedic.errors import CODES
from mymedic.messages import ErrorBody

_OF_HTTP = {
    401: grpc.StatusCode.UNAUTHENTICATED,
    402: grpc.StatusCode.FAILED_PRECONDITION,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    405: grpc.StatusCode.UNIMPLEMENTED,
    409: grpc.StatusCode.FAILED_PRECONDITION,
    410: grpc.StatusCode.FAILED_PRECONDITION,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    415: grpc.StatusCode.INVALID_ARGUMENT,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
    507: grpc.StatusCode.UNAVAILABLE,
}
# Where gRPC has a better word than for the others of that HTTP status.
_OF_CODE = {
    "ALREADY_EXISTS": grpc.StatusCode.ALREADY_EXISTS,
    "VERSION_CONFLICT": grpc.StatusCode.ABORTED,
    "FEED_GAP": grpc.StatusCode.DATA_LOSS,
    "CHAIN_BROKEN": grpc.StatusCode.DATA_LOSS,
}
# Trailing metadata end at 8 kB, in base64, with the message there twice: a client that gets more sees only that.
_MOST_DETAILS = 2_000


def status_of(code: str) -> grpc.StatusCode:
    return _OF_CODE.get(code) or _OF_HTTP[CODES[code].http_status]


def trailing(schema: Schema, error: ErrorBody) -> tuple[tuple[str, str | bytes], ...]:
    """`grpc-status-details-bin`, google.rpc.Status with one `Problem`; the code beside it for who reads no details."""
    details = msgspec.json.encode(error.details).decode() if error.details else None
    problem = filled(
        schema,
        "Problem",
        {
            "code": error.code,
            "message": error.message,
            "field": error.details.get("field"),
            "retryable": error.retryable,
            "retry_after_s": retry_after(error) if error.retryable else None,
            "details_json": details if details is None or len(details) <= _MOST_DETAILS else None,
        },
    )
    return (
        ("grpc-status-details-bin", _rich(status_of(error.code).value[0], error.message, problem.SerializeToString())),
        ("mymedic-code", error.code),
        ("mymedic-retryable", "true" if error.retryable else "false"),
    )


def _rich(status: int, message: str, problem: bytes) -> bytes:
    """google.rpc.Status {code = 1, message = 2, details = 3} with one google.protobuf.Any {type_url = 1, value = 2}:
    four fields, for which a distribution of generated classes would be much.
    """
    detail = _bytes(1, f"type.googleapis.com/{PACKAGE}.Problem".encode()) + _bytes(2, problem)
    return bytes([1 << 3, status]) + _bytes(2, message.encode()) + _bytes(3, detail)


def _bytes(field: int, value: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
