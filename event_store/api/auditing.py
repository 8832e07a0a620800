"""`GET /v1/audit/…`: the events of a subject, and the auditor's eight questions about it (DOMAIN §7)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from event_store.api.asking import instant, require_known
from event_store.api.commands import REFUSALS
from event_store.api.identity import Bearer
from event_store.api.watching import seen_of
from event_store.audit.answers import Answer
from event_store.audit.asked import PAGE_LIMIT, PAGE_USUAL, SUBJECTS, Asked, Subject, SubjectKind
from event_store.audit.book import opened
from event_store.audit.forfeits import Books
from event_store.audit.questions import QUESTIONS, Ask, Question
from event_store.audit.sight import Sight, sight_of
from event_store.handle import Handler
from event_store.retention.identity import View
from mymedic.errors import Refused
from mymedic.messages import ID_PATTERN

_SAMPLES = {
    "patient": "pat_01KA3F9Z7Q8W2XH5N6RJ4TBCDE",
    "appointment": "appt_01KA3F9Z7Q8W2XH5N6RJ4TBCDE",
    "stream": "payment-pay_01KA3F9Z7Q8W2XH5N6RJ4TBCDE",
}


def _subject(kind: str) -> Any:
    length = 64 if kind != "stream" else 96
    samples = [Example(value=_SAMPLES[kind])] if kind in _SAMPLES else None
    return QueryParameter(
        min_length=3, max_length=length, pattern=ID_PATTERN, examples=samples, description=f"ask about this {kind}"
    )


def _moment(name: str, description: str) -> Any:
    sample = [Example(value="2026-11-04T18:29:59Z")]
    shape = {"format": "date-time"}
    return QueryParameter(name=name, max_length=40, schema_extra=shape, examples=sample, description=description)


Patient = Annotated[str | None, _subject("patient")]
Appointment = Annotated[str | None, _subject("appointment")]
Payment = Annotated[str | None, _subject("payment")]
Admission = Annotated[str | None, _subject("admission")]
Claim = Annotated[str | None, _subject("claim")]
Invoice = Annotated[str | None, _subject("invoice")]
Stream = Annotated[str | None, _subject("stream")]
Correlation = Annotated[str | None, _subject("correlation")]
AsOf = Annotated[str | None, _moment("as_of", "answer as it was known then; without it, as it is known now")]
From = Annotated[str | None, _moment("from", "only what happened then or later")]
To = Annotated[str | None, _moment("to", "only what happened before")]
Types = Annotated[
    str | None,
    QueryParameter(
        name="types",
        max_length=2000,
        pattern=r"^[A-Za-z]+(,[A-Za-z]+)*$",
        examples=[Example(value="AppointmentCancelled,RefundRequested")],
        description="only events of these types, with commas between",
    ),
]
PageOf = Annotated[
    str | None, QueryParameter(name="page", max_length=40, description="`next` of the answer before, to go on from it")
]
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=PAGE_LIMIT, description="events a page, at most")]

ABOUT = frozenset({*(f"{kind}_id" for kind in SUBJECTS), "as_of"})
NARROWING = frozenset({"from", "to", "types", "page", "limit"})


def audit_routes(books: Books | None) -> list[HTTPRouteHandler]:
    """`books` is where the ledger entries of a forfeit are read, if anywhere."""
    return [_route(word, question, books) for word, question in QUESTIONS.items()]


def _route(word: str, question: Question, books: Books | None) -> HTTPRouteHandler:
    ask = question.with_books(books)

    async def whole(
        request: Request[Any, Any, Any],
        patient_id: Patient = None,
        appointment_id: Appointment = None,
        payment_id: Payment = None,
        admission_id: Admission = None,
        claim_id: Claim = None,
        invoice_id: Invoice = None,
        stream_id: Stream = None,
        correlation_id: Correlation = None,
        as_of: AsOf = None,
    ) -> Response[Any]:
        require_known(request.query_params, ABOUT)  # a sum is over all that is known of the subject
        ids = (patient_id, appointment_id, payment_id, admission_id, claim_id, invoice_id, stream_id, correlation_id)
        asked = Asked(subject=the_subject(SUBJECTS, *ids), as_of=instant(as_of, "as_of"))
        return await _answered(request, ask, asked)

    async def paged(
        request: Request[Any, Any, Any],
        patient_id: Patient = None,
        appointment_id: Appointment = None,
        payment_id: Payment = None,
        admission_id: Admission = None,
        claim_id: Claim = None,
        invoice_id: Invoice = None,
        stream_id: Stream = None,
        correlation_id: Correlation = None,
        as_of: AsOf = None,
        from_at: From = None,
        to_at: To = None,
        types: Types = None,
        page: PageOf = None,
        limit: Limit = PAGE_USUAL,
    ) -> Response[Any]:
        require_known(request.query_params, ABOUT | NARROWING)
        ids = (patient_id, appointment_id, payment_id, admission_id, claim_id, invoice_id, stream_id, correlation_id)
        asked = Asked(
            subject=the_subject(SUBJECTS, *ids),
            as_of=instant(as_of, "as_of"),
            from_at=instant(from_at, "from"),
            to_at=instant(to_at, "to"),
            types=tuple(types.split(",")) if types else (),
            page=page,
            limit=limit,
        )
        return await _answered(request, ask, asked)

    answer = paged if question.is_paged else whole
    answer.__annotations__["return"] = Response[question.answer]  # type: ignore[name-defined]
    answer.__name__ = f"audit_{word}"
    return get(
        path=f"/v1/audit/{word}",
        tags=["audit"],
        summary=question.summary,
        description=f"{(question.answer.__doc__ or '').strip()}\n\nName one subject. Roles: AU, CM, FN, EN.",
        operation_id=f"Audit{word.capitalize()}",
        responses={status: REFUSALS[status] for status in (401, 403, 404, 422, 429, 503)},
    )(answer)


def the_subject(kinds: Sequence[SubjectKind], *ids: str | None) -> Subject:
    """What is asked about: one thing, in the order of the kinds."""
    named = [Subject(kind, id) for kind, id in zip(kinds, ids, strict=True) if id is not None]
    if len(named) != 1:
        wanted = ", ".join(f"{kind}_id" for kind in kinds)
        raise Refused("VALIDATION_FAILED", f"name one of {wanted}", field="patient_id", named=len(named))
    return named[0]


async def _answered(request: Request[Any, Any, Any], ask: Ask, asked: Asked) -> Response[Any]:
    store, bearer = request.app.state.store, request.state.bearer
    found = await asyncio.to_thread(_asked_by, store.handler, bearer, ask, asked)
    seen_of(request).outcome = "answered"
    return Response(content=found, headers={"Cache-Control": "no-store"})


def _asked_by(handler: Handler, bearer: Bearer, ask: Ask, asked: Asked) -> Answer:
    with opened(handler, bearer.tenant_id, sight_for(handler, bearer), asked) as book:
        return ask(book, asked)


def sight_for(handler: Handler, bearer: Bearer) -> Sight:
    """How much of the log the bearer sees now; FORBIDDEN."""
    with handler.ledger.read() as reads:
        return sight_of(View(reads, handler.pasts, bearer.tenant_id), bearer.actor)
