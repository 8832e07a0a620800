"""`webhooks`: where a tenant is told of its events over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec.structs import asdict

from apps.cli.console import OUT, print_json, table
from apps.cli.options import HomeOption, JsonOption, TenantOption
from apps.cli.place import store_of, the_tenant
from apps.following import delivering_to, endpoints_of, poster_of
from event_store.store import Store
from event_store.subscriptions.endpoints import Endpoint, Endpoints
from event_store.subscriptions.standing import standings
from integrations.webhooks.signature import new_secret, require_secret
from mymedic.errors import Refused, not_found
from mymedic.settings import Settings

_READ_AT_ONCE = 200

IdArgument = Annotated[str, typer.Argument(help="The endpoint's id, as `mymedic webhooks list` shows it.")]
SecretOption = Annotated[str | None, typer.Option("--secret", help="`whsec_…`; a new one is made unless given.")]


def register(app: typer.Typer) -> None:
    words = typer.Typer(name="webhooks", help="Endpoints that are told of events.", no_args_is_help=True)
    words.command("add")(add)
    words.command("list")(list_endpoints)
    words.command("enable")(enable)
    words.command("disable")(disable)
    words.command("rotate")(rotate)
    words.command("replay")(replay)
    words.command("remove")(remove)
    app.add_typer(words)


def add(
    url: Annotated[str, typer.Argument(help="https://…")],
    event: Annotated[
        list[str] | None,
        typer.Option("--event", help="`PaymentCaptured` or `payment.*`; may be repeated. All unless given."),
    ] = None,
    from_seq: Annotated[
        int | None, typer.Option("--from-seq", min=1, help="The first event to be told; else what happens from now on.")
    ] = None,
    secret: SecretOption = None,
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Register an endpoint. Its secret is shown once."""
    with _opened(home) as (settings, store, endpoints):
        tenant_id = the_tenant(store.feed, tenant)
        key = require_secret(secret) if secret else new_secret()
        with closing(poster_of(settings)) as poster:
            poster.require(url)
        after = head = store.feed.head(tenant_id)
        if from_seq is not None:
            after = from_seq - 1
        if after > head:
            raise Refused(
                "VALIDATION_FAILED", f"the log of {tenant_id} ends at seq {head}", field="from_seq", head=head
            )
        added = endpoints.add(tenant_id, url, event or [], key, after)
    _say(json, {**asdict(added), "secret": key}, f"{added.endpoint_id}  {key}")


def list_endpoints(tenant: TenantOption = None, home: HomeOption = None, json: JsonOption = False) -> int:
    """Every endpoint with its state and how far it is behind. Exit code 1 when one is disabled."""
    with _opened(home) as (_, store, endpoints):
        found = [one for one in endpoints.list() if tenant in (None, one.tenant_id)]
        behind = {one.consumer: one.events for one in standings(store.ledger, store.handler.clock)}
    shown = [{**asdict(one), "events_behind": behind.get(one.consumer, 0)} for one in found]
    if json:
        print_json({"endpoints": shown})
    else:
        columns = ["endpoint_id", "tenant_id", "state", "events_behind", "failures", "last_error", "event_types", "url"]
        rows = [[", ".join(one[name]) if name == "event_types" else one[name] for name in columns] for one in shown]
        whole = ["endpoint_id"]
        OUT.print(table("Endpoints", columns, rows, right=["events_behind", "failures"], whole=whole))
    return 1 if any(one.state == "disabled" for one in found) else 0


def enable(endpoint_id: IdArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Go on from where it stood; nothing is left out."""
    with _opened(home) as (_, _, endpoints):
        one = _endpoint(endpoints, endpoint_id)
        changed = endpoints.enable(one.tenant_id, endpoint_id)
    _say(json, asdict(changed), f"{endpoint_id} is enabled")


def disable(endpoint_id: IdArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Tell it nothing until it is enabled again."""
    with _opened(home) as (_, _, endpoints):
        one = _endpoint(endpoints, endpoint_id)
        changed = endpoints.disable(one.tenant_id, endpoint_id, "by hand")
    _say(json, asdict(changed), f"{endpoint_id} is disabled")


def rotate(
    endpoint_id: IdArgument, secret: SecretOption = None, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Sign with a new secret as well; the one before goes at the next rotation. It is shown once."""
    with _opened(home) as (_, _, endpoints):
        one = _endpoint(endpoints, endpoint_id)
        key = require_secret(secret) if secret else new_secret()
        changed = endpoints.rotate(one.tenant_id, endpoint_id, key)
    _say(json, {**asdict(changed), "secret": key}, key)


def replay(
    endpoint_id: IdArgument,
    from_seq: Annotated[int, typer.Option("--from-seq", min=1, help="The first event to be told again.")],
    to_seq: Annotated[
        int | None, typer.Option("--to-seq", min=1, help="The last one; else the end of the log.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """Tell a range of events again, at once and from here. Exit code 1 where the endpoint does not take one."""
    with _opened(home) as (settings, store, endpoints), closing(poster_of(settings)) as poster:
        one = _endpoint(endpoints, endpoint_id)
        if to_seq is not None and to_seq < from_seq:
            raise Refused("VALIDATION_FAILED", f"seq {to_seq} comes before seq {from_seq}", field="to_seq")
        delivering = delivering_to(one, store, endpoints, poster)
        last = min(to_seq or store.feed.head(one.tenant_id), store.feed.head(one.tenant_id))
        done, stopped = from_seq - 1, None
        while done < last and stopped is None:
            events = store.feed.read(one.tenant_id, done, min(_READ_AT_ONCE, last - done))
            events = events[: delivering.cut(events)]
            stopped = delivering.replay(events)
            done = events[-1].seq if stopped is None else stopped[0] - 1
    said = f"told again from seq {from_seq} to {done}" if done >= from_seq else "nothing was told"
    shown = {"endpoint_id": endpoint_id, "from_seq": from_seq, "to_seq": done}
    if stopped is not None:
        shown |= {"stopped_at": stopped[0], "answer": stopped[1]}
        said += f"; seq {stopped[0]}: {stopped[1]}"
    _say(json, shown, said)
    return 1 if stopped else 0


def remove(endpoint_id: IdArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """End an endpoint, its place in the log, and its parked streams."""
    with _opened(home) as (_, _, endpoints):
        one = _endpoint(endpoints, endpoint_id)
        endpoints.remove(one.tenant_id, endpoint_id)
    _say(json, asdict(one), f"{endpoint_id} is removed")


@contextmanager
def _opened(home: Path | None) -> Iterator[tuple[Settings, Store, Endpoints]]:
    with store_of(home) as (settings, store):
        yield settings, store, endpoints_of(store)


def _endpoint(endpoints: Endpoints, endpoint_id: str) -> Endpoint:
    for one in endpoints.list():
        if one.endpoint_id == endpoint_id:
            return one
    raise not_found("webhook endpoint", endpoint_id)


def _say(json: bool, shown: dict[str, Any], text: str) -> None:
    if json:
        print_json(shown)
    else:
        OUT.print(text, highlight=False, soft_wrap=True, markup=False)
