"""`statement`: the settlement statement of a closed month: signed, made again, held against its signature, compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from apps.cli.closing import MonthOption
from apps.cli.console import ERR, OUT, print_json, rupees, table
from apps.cli.options import HomeOption, JsonOption, TenantOption, instant
from apps.cli.place import line_of, store_of, the_tenant
from apps.closing.changes import Changes, Difference, Total, changes
from apps.closing.signed import signed_month, warehouse_then
from apps.closing.statement import statement, verified, written
from event_store.retention.signing import public_key
from mymedic.errors import Refused
from mymedic.settings import Settings

stating = typer.Typer(help="The signed settlement statement of a closed month.", no_args_is_help=True)

# A row that nothing was recorded about since: an item falls due, and what rests on it changes with it.
_WITHOUT = {"items": "the day moved on", "settlements": "its items", "trial_balance": "its item"}

ToOption = Annotated[Path | None, typer.Option("--to", help="Folder to write a copy into.")]


def register(app: typer.Typer) -> None:
    app.add_typer(stating, name="statement")


@stating.callback()
def _stating() -> None:
    """The signed settlement statement of a closed month."""


@stating.command("sign")
def sign(
    month: MonthOption,
    to: ToOption = None,
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """Write the statement of a closed month, and sign it with the tenant's key."""
    return _made(month, to, tenant, home, json, is_reprint=False)


@stating.command("reprint")
def reprint(
    month: MonthOption,
    to: ToOption = None,
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """Make the statement again from the log, as of the moment that was signed: the same bytes. 1 when they differ."""
    return _made(month, to, tenant, home, json, is_reprint=True)


def _made(month: str, to: Path | None, tenant: str | None, home: Path | None, json: bool, *, is_reprint: bool) -> int:
    with store_of(home) as (settings, store):
        tenant_id = the_tenant(store.feed, tenant)
        signed = signed_month(store, tenant_id, month)
        with ERR.status(f"{month} of {tenant_id}"):
            path = warehouse_then(line_of(settings, store), signed, is_rebuilt=is_reprint)
            files = statement(path, signed, store.vault)
    kept = _kept(settings, tenant_id, month)
    before = {name: (kept / name).read_bytes() for name in files if (kept / name).is_file()}
    differing = sorted(name for name, content in before.items() if content != files[name])
    if differing and not is_reprint:
        raise Refused("ALREADY_EXISTS", f"{kept} holds another statement of {month}", file=differing[0])
    paths = written(kept / "reprint" if is_reprint else kept, files)
    if to is not None:
        paths = written(to, files)
    if json:
        shown = [{"path": str(path), "is_as_signed": before.get(path.name) == files[path.name]} for path in paths]
        print_json({"tenant_id": tenant_id, "month": month, "files": shown})
    else:
        for path in paths:
            OUT.print(str(path), highlight=False, soft_wrap=True)
        if is_reprint and before:
            said = f"not the bytes that were signed: {', '.join(differing)}" if differing else "the bytes are the same"
            OUT.print(said, highlight=False, soft_wrap=True)
    return 1 if differing else 0


@stating.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="One of the statement's files; the others lie beside it.")],
    key: Annotated[str | None, typer.Option("--key", help="The public key that it must be signed with.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """Say whether a statement and its signature are unbroken. The key is the tenant's, where it is kept here."""
    verdict = verified(file, key)
    if key is None:
        with store_of(home) as (_, store):
            if verdict.tenant_id in store.feed.tenants():
                verdict = verified(file, public_key(store.vault, verdict.tenant_id))
            else:
                problem = f"nobody here knows the key of {verdict.tenant_id}: say --key"
                verdict = verdict._replace(problems=[*verdict.problems, problem])
    if json:
        print_json(verdict._asdict())
    elif verdict.problems:
        for problem in verdict.problems:
            OUT.print(Text.assemble(("✗", "bold red"), f" {problem}"), soft_wrap=True)
    else:
        names = ", ".join(verdict.files)
        OUT.print(
            Text.assemble(("✓", "green"), f" unbroken: {names}; signed with {verdict.public_key}"), soft_wrap=True
        )
    return 1 if verdict.problems else 0


@stating.command("changes")
def since_signed(
    month: MonthOption,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Compare with the build of this instant, not the present.")
    ] = None,
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """What changed in the month since it was signed: each difference, its events, and their sum."""
    with store_of(home) as (settings, store):
        tenant_id = the_tenant(store.feed, tenant)
        line = line_of(settings, store)
        signed = signed_month(store, tenant_id, month)
        now = line.published_path(tenant_id, instant(as_of))
        with ERR.status(f"{month} of {tenant_id}"):
            then = warehouse_then(line, signed, is_rebuilt=False)
            found = changes(then, now, store.feed, tenant_id, month, signed.run.input_seq)
    if json:
        print_json(_shown(found))
        return
    OUT.print(f"signed at seq {found.signed_seq:,}, now seq {found.now_seq:,}", highlight=False)
    rows = [
        [one.section, one.row, _moved(one), _amounts(one), ", ".join(map(str, one.seqs)) or _WITHOUT[one.section]]
        for one in found.differences
    ]
    OUT.print(table("\nDifferences", ["part", "row", "was -> is", "by", "because of seq"], rows))
    sums = [
        [one.section, one.column, _amount(one, one.signed), _amount(one, one.now), _amount(one, one.explained)]
        for one in found.totals
        if one.signed != one.now
    ]
    OUT.print(table("\nSums", ["part", "figure", "signed ₹", "now ₹", "difference ₹"], sums))


def _kept(settings: Settings, tenant_id: str, month: str) -> Path:
    return settings.resolved_home / "statements" / tenant_id / month


def _shown(found: Changes) -> dict[str, Any]:
    return {
        "signed_seq": found.signed_seq,
        "now_seq": found.now_seq,
        "differences": [one._asdict() for one in found.differences],
        "totals": [one._asdict() for one in found.totals],
    }


def _moved(one: Difference) -> str:
    return f"{one.before} -> {one.after}" if one.before != one.after else one.after


def _amounts(one: Difference) -> str:
    return ", ".join(
        f"{name.removesuffix('_paise')} {rupees(value) if name.endswith('_paise') else value}"
        for name, value in one.amounts.items()
        if value
    )


def _amount(one: Total, value: int) -> str:
    return rupees(value) if one.column.endswith("_paise") else f"{value:,}"
