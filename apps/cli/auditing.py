"""`audit`: the auditor's eight questions, and the evidence that can be handed on."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from apps.auditing import PublishedBooks
from apps.cli.answered import show
from apps.cli.console import OUT, print_json
from apps.cli.options import HomeOption, JsonOption, TenantOption, instant
from apps.cli.place import store_of, the_tenant
from apps.closing.sending import Signers
from event_store.audit.answers import Answer
from event_store.audit.asked import PAGE_LIMIT, SUBJECTS, Asked, Subject
from event_store.audit.book import opened
from event_store.audit.pack.contents import verifier_source
from event_store.audit.pack.made import Glass, fingerprint_of, make_pack
from event_store.audit.questions import QUESTIONS, Question
from event_store.audit.sight import OPERATOR, Sight, sight_of
from event_store.retention.identity import View
from event_store.store import Store
from mymedic.counts import counted
from mymedic.errors import Refused
from mymedic.settings import Settings

auditing = typer.Typer(help="Answer an auditor: eight questions, and evidence packs.", no_args_is_help=True)


class AnswerFormat(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


def _subject(kind: str) -> Any:
    return typer.Option(f"--{kind}", help=f"Ask about this {kind}.")


PatientOption = Annotated[str | None, _subject("patient")]
AppointmentOption = Annotated[str | None, _subject("appointment")]
PaymentOption = Annotated[str | None, _subject("payment")]
AdmissionOption = Annotated[str | None, _subject("admission")]
ClaimOption = Annotated[str | None, _subject("claim")]
InvoiceOption = Annotated[str | None, _subject("invoice")]
StreamOption = Annotated[str | None, _subject("stream")]
CorrelationOption = Annotated[str | None, _subject("correlation")]
KnownOption = Annotated[str | None, typer.Option("--as-of", help="As it was known at this instant.")]
FromOption = Annotated[str | None, typer.Option("--from", help="Only what happened at this instant or later.")]
ToOption = Annotated[str | None, typer.Option("--to", help="Only what happened before this instant.")]
TypesOption = Annotated[list[str] | None, typer.Option("--type", help="Only events of this type; may be repeated.")]
PageOption = Annotated[str | None, typer.Option("--page", help="Go on where the answer before ended.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=PAGE_LIMIT, help="Events a page, at most.")]
TokenOption = Annotated[
    str | None,
    typer.Option("--token", help="Answer as far as this token's role sees; else as who runs the installation."),
]
FormatOption = Annotated[AnswerFormat, typer.Option("--format")]


def register(app: typer.Typer) -> None:
    app.add_typer(auditing, name="audit")


@auditing.callback()
def _auditing() -> None:
    """Answer an auditor: eight questions, and evidence packs."""


def sight_for(store: Store, settings: Settings, token: str | None, tenant: str | None) -> tuple[str, Sight]:
    """(tenant, how much is shown): the token's, or everything but names to who sits at the log itself."""
    if token is None:
        return the_tenant(store.feed, tenant), OPERATOR
    bearer = Signers(settings, token, None, tenant).bearer
    with store.ledger.read() as reads:
        return bearer.tenant_id, sight_of(View(reads, store.handler.pasts, bearer.tenant_id), bearer.actor)


def the_subject(*ids: str | None) -> Subject:
    """What is asked about: one thing, in the order of SUBJECTS."""
    named = [Subject(kind, id) for kind, id in zip(SUBJECTS, ids, strict=True) if id is not None]
    if len(named) != 1:
        wanted = ", ".join(f"--{kind}" for kind in SUBJECTS)
        raise Refused("VALIDATION_FAILED", f"say one of {wanted}", field="subject", named=len(named))
    return named[0]


def _whole(word: str, question: Question) -> Callable[..., None]:
    """Of a sum over everything that is known: no option narrows it."""

    def answer(
        patient: PatientOption = None,
        appointment: AppointmentOption = None,
        payment: PaymentOption = None,
        admission: AdmissionOption = None,
        claim: ClaimOption = None,
        invoice: InvoiceOption = None,
        stream: StreamOption = None,
        correlation: CorrelationOption = None,
        as_of: KnownOption = None,
        token: TokenOption = None,
        tenant: TenantOption = None,
        format: FormatOption = AnswerFormat.table,
        home: HomeOption = None,
        json: JsonOption = False,
    ) -> None:
        subject = the_subject(patient, appointment, payment, admission, claim, invoice, stream, correlation)
        asked = Asked(subject=subject, as_of=instant(as_of))
        _show(word, _answered(question, asked, token, tenant, home), AnswerFormat.json if json else format)

    return answer


def _paged(word: str, question: Question) -> Callable[..., None]:
    def answer(
        patient: PatientOption = None,
        appointment: AppointmentOption = None,
        payment: PaymentOption = None,
        admission: AdmissionOption = None,
        claim: ClaimOption = None,
        invoice: InvoiceOption = None,
        stream: StreamOption = None,
        correlation: CorrelationOption = None,
        as_of: KnownOption = None,
        from_at: FromOption = None,
        to_at: ToOption = None,
        types: TypesOption = None,
        page: PageOption = None,
        limit: LimitOption = PAGE_LIMIT,
        token: TokenOption = None,
        tenant: TenantOption = None,
        format: FormatOption = AnswerFormat.table,
        home: HomeOption = None,
        json: JsonOption = False,
    ) -> None:
        asked = Asked(
            subject=the_subject(patient, appointment, payment, admission, claim, invoice, stream, correlation),
            as_of=instant(as_of),
            from_at=instant(from_at, "from"),
            to_at=instant(to_at, "to"),
            types=tuple(types or ()),
            page=page,
            limit=limit,
        )
        _show(word, _answered(question, asked, token, tenant, home), AnswerFormat.json if json else format)

    return answer


def _answered(question: Question, asked: Asked, token: str | None, tenant: str | None, home: Path | None) -> Answer:
    with store_of(home) as (settings, store):
        tenant_id, sight = sight_for(store, settings, token, tenant)
        with opened(store.handler, tenant_id, sight, asked) as book:
            return question.with_books(PublishedBooks(settings))(book, asked)


for _word, _question in QUESTIONS.items():
    _command = (_paged if _question.is_paged else _whole)(_word, _question)
    _command.__doc__ = _question.summary
    auditing.command(_word)(_command)


@auditing.command("pack")
def pack(
    out: Annotated[Path, typer.Option("--out", help="The zip to write.")],
    patient: PatientOption = None,
    admission: AdmissionOption = None,
    claim: ClaimOption = None,
    as_of: KnownOption = None,
    token: TokenOption = None,
    justification: Annotated[
        str | None, typer.Option("--justification", help="Put names in, and why into the log. With --token.")
    ] = None,
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """A signed zip with everything known of a patient, an admission or a claim, and what proves it."""
    subject = the_subject(patient, None, None, admission, claim, None, None, None)
    with store_of(home) as (settings, store):
        tenant_id, sight = sight_for(store, settings, token, tenant)
        glass = None
        if justification is not None:
            if token is None:
                raise Refused("VALIDATION_FAILED", "names are for a person: say --token as well", field="token")
            glass = Glass(Signers(settings, token, None, tenant_id).bearer.actor, justification)
        made = make_pack(store.handler, tenant_id, subject, as_of=instant(as_of), sight=sight, glass=glass)
    out.write_bytes(made.data)
    if json:
        said = {"file": str(out), "fingerprint": made.fingerprint, "sha256": sha256(made.data).hexdigest()}
        print_json({**said, "manifest": made.manifest})
        return
    events, seq = made.manifest["events"], made.manifest["head"]["seq"]
    OUT.print(f"{out}: {counted(events, 'event')}, known up to seq {seq:,}", highlight=False, soft_wrap=True)
    _say_fingerprint(made.fingerprint)


@auditing.command("verifier")
def verifier(
    out: Annotated[Path, typer.Option("--out", help="The program to write, one file.")],
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """The program that checks packs, for whoever receives them, and the fingerprint of the key that signs them."""
    with store_of(home) as (_, store):
        tenant_id = the_tenant(store.feed, tenant)
        known_by = fingerprint_of(store.vault, tenant_id)
    out.write_bytes(verifier_source())
    if json:
        print_json({"file": str(out), "tenant_id": tenant_id, "fingerprint": known_by})
        return
    OUT.print(f"{out}: needs Python and nothing else", highlight=False, soft_wrap=True)
    _say_fingerprint(known_by)


def _say_fingerprint(known_by: str) -> None:
    OUT.print(f"fingerprint {known_by}", highlight=False, soft_wrap=True)


def _show(word: str, found: Answer, format: AnswerFormat) -> None:
    if format is AnswerFormat.json:
        print_json(found)
    elif format is AnswerFormat.csv:
        rows: list[dict[str, Any]] = msgspec.to_builtins(found)["rows"]
        writer = csv.writer(sys.stdout, lineterminator="\n")
        if rows:
            writer.writerow(rows[0])
        for row in rows:
            writer.writerow([_cell(value) for value in row.values()])
    else:
        show(word, found)


def _cell(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, list | tuple | dict) else value
