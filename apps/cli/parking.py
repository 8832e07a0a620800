"""`parked`: streams that wait because one of their events failed for a consumer, and what is decided about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from apps.cli.closing import TokenOption
from apps.cli.console import OUT, print_json, table
from apps.cli.options import HomeOption, JsonOption, TenantOption
from apps.cli.place import store_of, the_tenant
from apps.closing.sending import Signers
from event_store.store import Store
from event_store.subscriptions.parking import Decision, LedgerParking, Parked, Parking, ParkingLog
from mymedic.errors import Refused
from mymedic.settings import Settings
from projections.worker import open_live

# Of the permission matrix: who may replay may decide what a consumer leaves out.
MAY_DECIDE = "EN"

StreamArgument = Annotated[str, typer.Argument(help="The stream, as `mymedic parked list` shows it.")]
ConsumerOption = Annotated[str | None, typer.Option("--consumer", help="For which; may be left out for only one.")]
WhyOption = Annotated[str, typer.Option("--why", help="It is kept with your name.")]


def register(app: typer.Typer) -> None:
    words = typer.Typer(name="parked", help="Streams that wait because an event failed.", no_args_is_help=True)
    words.command("list")(list_parked)
    words.command("retry")(retry)
    words.command("discard")(discard)
    app.add_typer(words)


@contextmanager
def parkings(settings: Settings, store: Store) -> Iterator[list[Parking]]:
    """Wherever consumers park."""
    with ExitStack() as opened:
        live = open_live(settings, store, opened)
        yield [LedgerParking(store.ledger, store.handler.clock), live.parking]


def list_parked(
    history: Annotated[bool, typer.Option("--history", help="Every step instead: who, when, why.")] = False,
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """What waits, for whom, since when and why. Exit code 1 when anything does."""
    with store_of(home) as (settings, store):
        if history:
            steps = ParkingLog(store.ledger, store.handler.clock).of(the_tenant(store.feed, tenant))
            if json:
                print_json({"steps": steps})
                return 0
            columns = ["at", "consumer", "stream", "seq", "step", "who", "why"]
            rows = [[s.at, s.consumer, s.stream_id, s.first_seq, s.step, s.actor_id, s.reason] for s in steps]
            OUT.print(table("Parked streams, step by step", columns, rows, right=["seq"]))
            return 0
        with parkings(settings, store) as every:
            found = _waiting(every, tenant)
    if json:
        print_json({"parked": found})
        return 1 if found else 0
    columns = ["tenant", "consumer", "stream", "seq", "event", "attempts", "since", "state", "error"]
    shown = [
        [p.tenant_id, p.consumer, p.stream_id, p.first_seq, p.event_type, p.attempts, p.parked_at, p.state, p.error]
        for p in found
    ]
    OUT.print(table(f"{len(found):,} parked", columns, shown, right=["seq", "attempts"], whole=["stream"]))
    return 1 if found else 0


def retry(
    stream: StreamArgument,
    token: TokenOption,
    why: WhyOption,
    consumer: ConsumerOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Let the consumer's worker try again from the event that failed."""
    _decide("retry", stream, token, why, consumer, home, json)


def discard(
    stream: StreamArgument,
    token: TokenOption,
    why: WhyOption,
    consumer: ConsumerOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Leave out the one event that failed, for this consumer alone, and go on behind it."""
    _decide("discard", stream, token, why, consumer, home, json)


def _decide(
    decision: Decision, stream: str, token: str, why: str, consumer: str | None, home: Path | None, json: bool
) -> None:
    if not why.strip():
        raise Refused("VALIDATION_FAILED", "say why", field="why")
    with store_of(home) as (settings, store):
        bearer = Signers(settings, token, None).bearer
        if not bearer.actor.has(MAY_DECIDE):
            raise Refused("FORBIDDEN", f"{decision} is for {MAY_DECIDE}", role=MAY_DECIDE)
        with parkings(settings, store) as every:
            parking, one = _the_one(every, bearer.tenant_id, stream, consumer)
            decided = parking.decide(one, decision, bearer.actor, why)
    if json:
        print_json({"decided": decided})
    else:
        what = "is tried again" if decision == "retry" else f"goes on behind seq {decided.first_seq}"
        OUT.print(f"{stream} {what} for {decided.consumer} at its worker's next round", highlight=False, soft_wrap=True)


def _the_one(every: Sequence[Parking], tenant_id: str, stream: str, consumer: str | None) -> tuple[Parking, Parked]:
    found = [
        (parking, one)
        for parking in every
        for one in parking.waiting()
        if (one.tenant_id, one.stream_id) == (tenant_id, stream) and consumer in (None, one.consumer)
    ]
    if not found:
        raise Refused("NOT_FOUND", f"{stream} is not parked", stream=stream, consumer=consumer)
    if len(found) > 1:
        names = ", ".join(one.consumer for _, one in found)
        raise Refused("VALIDATION_FAILED", "it is parked for several; say --consumer", field="consumer", known=names)
    return found[0]


def _waiting(every: Sequence[Parking], tenant: str | None) -> list[Parked]:
    found = [one for parking in every for one in parking.waiting()]
    return [one for one in found if tenant in (None, one.tenant_id)]
