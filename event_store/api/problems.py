"""Everything that goes wrong, as RFC 9457 problem details that carry our code and whether a retry helps."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec import Struct

from event_store.api.watching import seen_of
from mymedic.errors import CODES, Refused
from mymedic.messages import ErrorBody

_LOG = logging.getLogger(__name__)


class Problem(Struct, frozen=True, kw_only=True):
    """`application/problem+json`; `details` says where: field, file, row, column, ids."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    details: dict[str, Any] = {}


BUG = "something is wrong here; it stands in the server's log"
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


def problem(error: ErrorBody, headers: dict[str, str] | None = None) -> Response[Problem]:
    """The HTTP answer to a refusal."""
    headers = dict(headers or {})
    if error.code == "UNAUTHENTICATED":
        headers["WWW-Authenticate"] = "Bearer"
    if error.retryable:
        headers["Retry-After"] = str(retry_after(error))
    return _response(problem_of(error), headers)


def problem_of(error: ErrorBody) -> Problem:
    """The body of that answer."""
    return Problem(
        type=f"urn:mymedic:problem:{error.code}",
        title=error.code.replace("_", " ").capitalize(),
        status=CODES[error.code].http_status,
        detail=error.message,
        code=error.code,
        retryable=error.retryable,
        details=error.details,
    )


def retry_after(error: ErrorBody) -> int:
    """Seconds until a retry can help; at once where the caller has only to look again first."""
    return int(error.details.get("retry_after_s", 0 if error.code == "VERSION_CONFLICT" else 1))


def error_of(refusal: Refused) -> ErrorBody:
    details = {name: value for name, value in refusal.details.items() if value is not None}
    return ErrorBody(code=refusal.code, message=refusal.message, details=details, retryable=refusal.retryable)


def on_refused(request: Request[Any, Any, Any], refusal: Refused) -> Response[Problem]:
    seen_of(request).code = refusal.code
    return problem(error_of(refusal))


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """What the framework refuses: an unknown path, a wrong method, a header that is none."""
    code = _CODE_OF_STATUS.get(error.status_code)
    seen_of(request).code = code or ""
    if code is None:
        return _without_code(error.status_code, error.detail)
    wrong = [(one.get("key"), one.get("message")) for one in error.extra] if isinstance(error.extra, list) else []
    message: Any = error.detail
    details: dict[str, Any] = {}
    if wrong:
        field, message = wrong[0]
        if field in (None, "data"):
            message = "the body is empty"
        else:
            details = {"field": field.rstrip("_")}  # as Python writes a name that is taken
    # RFC 9110 asks for the methods that would do; every path of ours has one.
    allowed = {"Allow": _method(request.url.path)} if error.status_code == 405 else {}
    return problem(ErrorBody(code=code, message=message, details=details), allowed)


def _method(path: str) -> str:
    return "POST" if path.startswith(("/v1/commands", "/v1/identities", "/v1/webhooks")) else "GET"


def on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Nobody outside learns what it was; the log does."""
    seen_of(request).outcome = "failed"
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _without_code(500, BUG)


def _without_code(status: int, detail: str) -> Response[Problem]:
    """RFC 9457's own type for what the HTTP status says already."""
    title = HTTPStatus(status).phrase
    body = Problem(
        type="about:blank",
        title=title,
        status=status,
        detail=detail,
        code=title.replace(" ", "_").upper(),
        retryable=False,
    )
    return _response(body, {})


def _response(body: Problem, headers: dict[str, str]) -> Response[Problem]:
    return Response(content=body, status_code=body.status, media_type="application/problem+json", headers=headers)
