"""`GET /v1/audit/pack`: the evidence that is handed on, and `/v1/audit/verifier`, the program that checks it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter

from event_store.api.asking import instant, require_known
from event_store.api.auditing import Admission, AsOf, Claim, Patient, sight_for, the_subject
from event_store.api.commands import REFUSALS
from event_store.api.identity import Bearer
from event_store.api.watching import seen_of
from event_store.audit.asked import Subject
from event_store.audit.pack.contents import verifier_source
from event_store.audit.pack.made import PACKED, Glass, Pack, fingerprint_of, make_pack
from event_store.handle import Handler

# By what the signing key is known. Whoever asks the installation itself has it by another way than the pack.
FINGERPRINT = "X-Key-Fingerprint"
ZIP, PYTHON = "application/zip", "text/x-python"
_KNOWN = frozenset({*(f"{kind}_id" for kind in PACKED), "as_of"})
_REFUSED = {status: REFUSALS[status] for status in (401, 403, 404, 422, 429, 503)}
Justification = Annotated[
    str | None,
    HeaderParameter(
        name="X-Justification",
        max_length=500,
        description="put names in, for an auditor, and why; it stands in the log before the pack is made",
    ),
]


def pack_routes() -> list[HTTPRouteHandler]:
    return [_pack(), _verifier()]


def _pack() -> HTTPRouteHandler:
    async def pack(
        request: Request[Any, Any, Any],
        patient_id: Patient = None,
        admission_id: Admission = None,
        claim_id: Claim = None,
        as_of: AsOf = None,
        justification: Justification = None,
    ) -> Response[bytes]:
        require_known(request.query_params, _KNOWN)
        subject = the_subject(PACKED, patient_id, admission_id, claim_id)
        bearer = request.state.bearer
        glass = None if justification is None else Glass(bearer.actor, justification)
        made = await asyncio.to_thread(
            _made, request.app.state.store.handler, bearer, subject, instant(as_of, "as_of"), glass
        )
        seen_of(request).outcome = "answered"
        return _file(made.data, ZIP, f"evidence_{subject.id}.zip", made.fingerprint)

    return get(
        path="/v1/audit/pack",
        tags=["audit"],
        summary="Everything known of a patient, an admission or a claim, and what proves it, as a signed zip.",
        description=(
            "The bytes that `mymedic audit pack` writes: the same log as known at the same instant gives the same ones."
            f" `{FINGERPRINT}` is what the verifier is told. Name one subject. Roles: AU, CM, of all branches."
        ),
        operation_id="AuditPack",
        responses={200: ResponseSpec(bytes, description="the pack", media_type=ZIP), **_REFUSED},
    )(pack)


def _made(handler: Handler, bearer: Bearer, subject: Subject, as_of: Any, glass: Glass | None) -> Pack:
    sight = sight_for(handler, bearer)
    return make_pack(handler, bearer.tenant_id, subject, as_of=as_of, sight=sight, glass=glass)


def _verifier() -> HTTPRouteHandler:
    async def verifier(request: Request[Any, Any, Any]) -> Response[bytes]:
        require_known(request.query_params, ())
        handler, bearer = request.app.state.store.handler, request.state.bearer
        await asyncio.to_thread(sight_for, handler, bearer)
        known_by = await asyncio.to_thread(fingerprint_of, handler.vault, bearer.tenant_id)
        seen_of(request).outcome = "answered"
        return _file(verifier_source(), PYTHON, "verify.py", known_by)

    return get(
        path="/v1/audit/verifier",
        tags=["audit"],
        summary="The program that checks packs, for whoever receives them.",
        description=(
            f"One file that needs Python and nothing else. `{FINGERPRINT}` is the sha256 of the key that signs the"
            " tenant's packs: hand it on by another way than the pack. Roles: AU, CM, FN, EN."
        ),
        operation_id="AuditVerifier",
        responses={200: ResponseSpec(bytes, description="the program", media_type=PYTHON), **_REFUSED},
    )(verifier)


def _file(content: bytes, media_type: str, name: str, fingerprint: str) -> Response[bytes]:
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
        FINGERPRINT: fingerprint,
    }
    return Response(content=content, media_type=media_type, headers=headers)
