"""Everything that goes wrong, as RFC 9457 problem details that carry our code and whether a retry helps."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.exceptions.responses import create_exception_response
from msgspec import Struct

from mymedic.errors import CODES, Refused
from mymedic.messages import ErrorBody


class Problem(Struct, frozen=True, kw_only=True):
    """`application/problem+json`; `details` says where: field, file, row, column, ids."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    details: dict[str, Any] = {}


_CODE_OF_STATUS = {
    400: "VALIDATION_FAILED",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "BODY_TOO_LARGE",
    415: "MEDIA_TYPE_UNSUPPORTED",
    422: "VALIDATION_FAILED",
    429: "RATE_LIMITED",
}


def problem(error: ErrorBody) -> Response[Problem]:
    """The HTTP answer to a refusal."""
    status = CODES[error.code].http_status
    body = Problem(
        type=f"urn:mymedic:problem:{error.code}",
        title=error.code.replace("_", " ").capitalize(),
        status=status,
        detail=error.message,
        code=error.code,
        retryable=error.retryable,
        details=error.details,
    )
    return Response(content=body, status_code=status, media_type="application/problem+json")


def on_refused(_: Request[Any, Any, Any], refusal: Refused) -> Response[Problem]:
    return problem(
        ErrorBody(code=refusal.code, message=refusal.message, details=refusal.details, retryable=refusal.retryable)
    )


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework refuses: bad JSON, an unknown path, a wrong method or media type."""
    code = _CODE_OF_STATUS.get(error.status_code)
    if code is None:
        return create_exception_response(request, error)
    extra = error.extra if isinstance(error.extra, list) else []
    details = {"fields": [{"field": one.get("key"), "message": one.get("message")} for one in extra]} if extra else {}
    return problem(ErrorBody(code=code, message=error.detail, details=details))


def on_bad_body(request: Request[Any, Any, Any], error: msgspec.MsgspecError) -> Response[Problem]:
    """A body that is no such command: msgspec names the place as a JSON path."""
    text, _mark, path = str(error).partition(" - at `")
    details = {"field": path.rstrip("`").removeprefix("$.")} if path else {}
    return problem(ErrorBody(code="VALIDATION_FAILED", message=text, details=details))
