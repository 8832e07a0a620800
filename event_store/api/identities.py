"""`POST /v1/identities:lookup`: the names behind ids, for whoever may see them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from event_store.api.commands import REFUSALS
from event_store.api.limits import RateLimits
from event_store.api.reading import CommandRequest
from event_store.api.watching import seen_of
from event_store.retention.identity import PersonalData
from mymedic.identity import IDENTITY_FIELDS, IdentityField, Person
from mymedic.messages import Id, Text

# A screen's worth; more than this is a file, and files are exports.
PERSON_LIMIT = 200


class IdentityQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for no more fields than are needed: an auditor's are recorded."""

    patient_ids: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=PERSON_LIMIT)]
    fields: Annotated[tuple[IdentityField, ...], Meta(min_length=1, max_length=len(IDENTITY_FIELDS))] = IDENTITY_FIELDS
    justification: Text | None = None


class Identities(Struct, frozen=True, kw_only=True):
    """The people under the ids that were asked for."""

    people: dict[str, Person]


@post(
    path="/v1/identities:lookup",
    status_code=200,
    tags=["personal data"],
    summary="The names behind ids",
    operation_id="LookUpIdentities",
    responses=REFUSALS,
    request_class=CommandRequest,
    opt={"decode": msgspec.json.Decoder(IdentityQuestion).decode},
)
async def look_up(request: Request[Any, Any, Any], data: JSONBody[IdentityQuestion]) -> Response[Identities]:
    """All of them or none: an id that is unknown, or out of the caller's reach, is NOT_FOUND in the same words.

    Patients see themselves and their dependents, doctors their patients, front desk, finance and managers those of
    their branches. An auditor says why (`justification`), and each person read stands in the log before the answer.
    What was erased or redacted is null, and `is_redacted` says so. Engineers and other programs get nothing.
    """
    app, bearer = request.app.state, request.state.bearer
    limits: RateLimits | None = app.limits
    if limits is not None:
        limits.charge(bearer, len(data.patient_ids) - 1)
    door = PersonalData(app.store.handler)
    found = await asyncio.to_thread(
        door.people,
        bearer.tenant_id,
        bearer.actor,
        data.patient_ids,
        data.fields,
        justification=data.justification,
        needs_all=True,
    )
    seen_of(request).outcome = "answered"
    return Response(content=Identities(people=dict(found)), headers={"Cache-Control": "no-store"})
