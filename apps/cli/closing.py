"""`reconcile`, `resolve`, `reopen`, `close`: what was computed goes into the log, and people decide about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from apps.cli.console import OUT, print_json, rupees, table
from apps.cli.options import HomeOption, JsonOption, TenantOption, instant
from apps.cli.place import line_of, store_of, the_tenant
from apps.closing.recording import recorded
from apps.closing.run import last_day
from apps.closing.sending import Signers
from apps.closing.sheet import RESOLUTIONS, Decided, as_published, decided_in
from event_store.aggregates.recon_case.commands import (
    CloseFinancialPeriod,
    ReopenReconItem,
    RunReconciliation,
)
from event_store.aggregates.recon_case.state import period_id
from event_store.store import Store
from mymedic.counts import counted
from mymedic.errors import Refused
from mymedic.settings import settings_of

MonthOption = Annotated[str, typer.Option("--month", help="YYYY-MM.")]
TokenOption = Annotated[str, typer.Option("--token", help="Your token, or the file that holds it.")]
CosignerOption = Annotated[
    str | None, typer.Option("--cosigner", help="The token of a second person, or the file that holds it.")
]


def register(app: typer.Typer) -> None:
    app.command()(reconcile)
    app.command()(resolve)
    app.command()(reopen)
    app.command()(close)


def reconcile(
    month: Annotated[
        str | None, typer.Option("--month", help="YYYY-MM: everything up to its end; else up to the build's date.")
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Send the build of this instant.")] = None,
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Record what the published warehouse computed: totals by class, open items, trial balance (C87)."""
    with store_of(home) as (settings, store):
        tenant_id = the_tenant(store.feed, tenant)
        path = line_of(settings, store).published_path(tenant_id, instant(as_of))
        run, ack = recorded(store, path, tenant_id, month)
    if json:
        print_json(_run_shown(run, ack.status))
        return
    rows = [[t.leg, t.class_, f"{t.count:,}", rupees(t.left_paise), rupees(t.right_paise)] for t in run.totals]
    OUT.print(table("Classes", ["leg", "class", "items", "expected ₹", "evidence ₹"], rows, right=["items"]))
    at_stake = rupees(sum(item.open_paise for item in run.open_items))
    OUT.print(
        f"{run.run_id} {ack.status}: {run.scope.from_} to {run.scope.to}, known up to seq {run.input_seq:,}"
        f" ({run.as_of:%Y-%m-%d %H:%M} UTC); {counted(len(run.open_items), 'item')} open, {at_stake} at stake;"
        f" debits = credits = {rupees(run.debits_paise)}",
        highlight=False,
        soft_wrap=True,
    )


def _run_shown(run: RunReconciliation, status: str) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "status": status,
        "as_of": run.as_of,
        "from": run.scope.from_,
        "to": run.scope.to,
        "input_seq": run.input_seq,
        "open_items": len(run.open_items),
        "open_paise": sum(item.open_paise for item in run.open_items),
        "debits_paise": run.debits_paise,
        "credits_paise": run.credits_paise,
        "trial_balance_hash": run.trial_balance_hash,
        "output_hash": run.output_hash,
    }


def resolve(
    token: TokenOption,
    items: Annotated[list[str] | None, typer.Argument(help="Items (`L1:payment:…`), as reports show them.")] = None,
    decision: Annotated[str | None, typer.Option("--as", help=", ".join(RESOLUTIONS))] = None,
    note: Annotated[str, typer.Option("--note", help="Why.")] = "",
    to: Annotated[
        str | None, typer.Option("--to", help="For link: the other item; for correct_entry: the command.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option("--from", help="The exceptions as CSV, with `resolution` and `note` filled in.")
    ] = None,
    cosigner: CosignerOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """Resolve reconciliation items as you saw them (C88). Above the tenant's limit, a second person signs."""
    settings = settings_of(home)
    signers = Signers(settings, token, cosigner)
    if sheet is not None:
        wanted = decided_in(sheet)
    elif items and decision in RESOLUTIONS and note:
        wanted = as_published(settings.warehouse_dir / f"{signers.tenant_id}.duckdb", items, decision or "", to, note)
    else:
        raise Refused("VALIDATION_FAILED", "name items and say --as and --note, or hand in a sheet with --from")
    with store_of(home) as (_, store):
        said = [_answer(store, signers, one) for one in wanted]
    failed = [one for one in said if one["code"] is not None]
    if json:
        print_json({"tenant_id": signers.tenant_id, "items": said, "refused": len(failed)})
    else:
        rows = [
            [
                one["item_id"],
                one["resolution"],
                rupees(one["amount_paise"]),
                one["code"] or ("stays open" if one["resolution"] == "chase_gateway" else "resolved"),
                one["message"],
            ]
            for one in said
        ]
        OUT.print(table("", ["item", "as", "amount ₹", "answer", ""], rows))
        OUT.print("next: mymedic build, then mymedic reconcile", highlight=False)
    return 1 if failed else 0


def _answer(store: Store, signers: Signers, decided: Decided) -> dict[str, Any]:
    """Each item is answered by itself: one that has changed since must not hold up the others."""
    answer: dict[str, Any] = {
        "item_id": decided.item_id,
        "resolution": decided.resolution,
        "amount_paise": decided.open_paise,
        "seq": None,
        "code": None,
        "message": "",
    }
    try:
        answer["seq"] = signers.send(store, decided.command()).last_seq
    except Refused as refusal:
        answer |= {"code": refusal.code, "message": refusal.message}
    return answer


def reopen(
    item: Annotated[str, typer.Argument(help="The item (`L1:payment:…`).")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    token: TokenOption,
    cosigner: CosignerOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Take a resolution back (C89): finance and a chain manager, as long as its month is open."""
    signers = Signers(settings_of(home), token, cosigner)
    with store_of(home) as (_, store):
        ack = signers.send(store, ReopenReconItem(recon_item_id=item, reason=reason))
    if json:
        print_json({"tenant_id": signers.tenant_id, "item_id": item, "seq": ack.last_seq})
    else:
        OUT.print(f"{item} is open again (seq {ack.last_seq:,})", highlight=False, soft_wrap=True)


def close(
    month: MonthOption,
    token: TokenOption,
    cosigner: CosignerOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """Close a month (C90): finance and a chain manager, on the last run; refuses with what is missing."""
    signers = Signers(settings_of(home), token, cosigner)
    yyyymm = f"{last_day(month):%Y%m}"
    with store_of(home) as (_, store):
        try:
            ack = signers.send(store, CloseFinancialPeriod(yyyymm=yyyymm))
        except Refused as refusal:
            if json or refusal.code != "RECON_NOT_BALANCED":
                raise
            return _show_missing(store, signers.tenant_id, yyyymm, refusal)
    if json:
        print_json({"tenant_id": signers.tenant_id, "month": month, "seq": ack.last_seq})
    else:
        OUT.print(f"{month} is closed (seq {ack.last_seq:,})", highlight=False)
        OUT.print(f"next: mymedic statement sign --month {month}", highlight=False)
    return 0


def _show_missing(store: Store, tenant_id: str, yyyymm: str, refusal: Refused) -> int:
    """What keeps the month from closing: the items that have been open for too long, with what is at stake."""
    OUT.print(f"not closed: {refusal.message}", highlight=False)
    run = store.handler.state(tenant_id, "recon_case", period_id(yyyymm)).run
    aged = set(refusal.details.get("recon_item_ids") or ())
    rows = [
        [item.recon_item_id, item.opened_on, rupees(item.open_paise)]
        for item in (run.open_items if run else ())
        if item.recon_item_id in aged
    ]
    if rows:
        OUT.print(table("", ["item", "open since", "at stake ₹"], rows))
    return 1
