"""`certificate`: what was destroyed of a person's data, for them and for whoever audits it."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.text import Text

from apps.cli.console import OUT, print_json, table
from apps.cli.options import HomeOption, JsonOption, TenantOption
from apps.cli.place import store_of, the_tenant
from event_store.retention.certificate import certificate_of, signed_with


def register(app: typer.Typer) -> None:
    app.command()(certificate)


def certificate(
    id: Annotated[str, typer.Argument(help="The certificate's id (`crt_…`), or that of the request (`dst_…`).")],
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """The certificate of a destruction, from the log alone: the same log gives the same bytes and sha256."""
    with store_of(home) as (_, store):
        found = certificate_of(store.ledger, store.handler.pasts, the_tenant(store.feed, tenant), id)
        signed = signed_with(store.vault, found)
    if json:
        print_json(signed)
        return
    OUT.print(Text.assemble((f"Certificate of destruction {found.certificate_id}", "bold"), f" of {found.tenant_id}"))
    steps = (("requested", found.requested), ("approved", found.approved), ("executed", found.executed))
    rows = [[name, step.at, step.by, step.seq, step.event_hash[:16]] for name, step in steps]
    OUT.print(table("\nSteps", ["step", "recorded (UTC)", "by", "seq", "event hash"], rows, right=["seq"]))
    stores = [
        [one.store, ", ".join(one.method), ", ".join(f"{n} {name}" for name, n in one.counts.items())]
        for one in found.stores
    ]
    OUT.print(table("\nDestroyed", ["store", "method", "counts"], stores))
    kept = [[", ".join(one.classes), one.events, one.reason] for one in found.retained]
    OUT.print(table("\nRetained", ["classes", "events", "reason"], kept, right=["events"]))
    said = {name: value for name, value in msgspec.to_builtins(found).items() if isinstance(value, str)}
    for name, value in {**said, **{name: value for name, value in signed.items() if name != "certificate"}}.items():
        OUT.print(f"{name}: {value}", highlight=False, soft_wrap=True, markup=False)
