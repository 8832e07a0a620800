"""The rules of the prices of a service."""

from __future__ import annotations

from collections.abc import Iterable

from event_store.aggregates.price.commands import RetirePrice, SetPrice
from event_store.aggregates.price.events import PriceRetired, PriceScope, PriceSet
from event_store.aggregates.price.state import PriceVersion, State, scope_key
from mymedic.clock import business_date
from mymedic.deciding import Context, Decision, check
from mymedic.errors import Refused
from mymedic.messages import Command, Event

_IDS_OF_LEVEL = {
    "tenant": set(),
    "city": {"city_id"},
    "branch": {"branch_id"},
    "practitioner": {"practitioner_id"},
    "practitioner_branch": {"practitioner_id", "branch_id"},
}


def set_price(state: State, command: SetPrice, context: Context) -> Iterable[Event]:
    tenant = context.require("tenant", context.tenant_id)
    service = tenant.service(command.service_id)
    if service is None:
        raise Refused("NOT_FOUND", "no such service", id=command.service_id)
    _check_scope(command.scope, context)
    check(
        command.effective_from >= context.now,
        "BACKDATED_CHANGE",
        "a price begins now or later",
        field="effective_from",
    )
    check(
        command.effective_to is None or command.effective_from < command.effective_to,
        "VALIDATION_FAILED",
        "a price ends after it begins",
        field="effective_to",
    )
    key = scope_key(command.scope)
    closes = None
    for other in state.line(key, command.visit_type):
        if other.effective_to is None and other.effective_from < command.effective_from:
            closes = other.price_version_id
        else:
            check(
                not other.overlaps(command.effective_from, command.effective_to),
                "PRICE_OVERLAP",
                "another price of exactly this scope holds in that time",
                price_version_id=other.price_version_id,
            )
    yield PriceSet(
        price_version_id=context.new_id("prc"),
        service_id=command.service_id,
        scope=command.scope,
        scope_key=key,
        visit_type=command.visit_type,
        amount_paise=command.amount_paise,
        tax_inclusive=command.tax_inclusive,
        gst_bps=service.gst_bps,
        effective_from=command.effective_from,
        effective_to=command.effective_to,
        closes_version_id=closes,
    )


def _check_scope(scope: PriceScope, context: Context) -> None:
    given = {name for name in ("city_id", "branch_id", "practitioner_id") if getattr(scope, name) is not None}
    check(
        given == _IDS_OF_LEVEL[scope.level],
        "VALIDATION_FAILED",
        f"a price of level {scope.level} names {sorted(_IDS_OF_LEVEL[scope.level]) or 'no id'}",
        field="scope",
    )
    if scope.branch_id is not None:
        context.require("branch", scope.branch_id)
    if scope.practitioner_id is not None:
        context.require("practitioner", scope.practitioner_id)


def retire_price(state: State, command: RetirePrice, context: Context) -> Iterable[Event]:
    version = state.versions[command.price_version_id]
    check(
        command.effective_to >= context.now,
        "BACKDATED_CHANGE",
        "a price ends now or later",
        field="effective_to",
    )
    check(
        version.effective_from <= command.effective_to
        and (version.effective_to is None or command.effective_to < version.effective_to),
        "VALIDATION_FAILED",
        "the price is retired before its end and not before its beginning",
        field="effective_to",
    )
    check(
        _fallback(state, version, command, context),
        "PRICE_NOT_FOUND",
        "no price of the same or a broader scope would remain; set one first",
        price_version_id=version.price_version_id,
    )
    yield PriceRetired(price_version_id=version.price_version_id, effective_to=command.effective_to)


def _fallback(state: State, version: PriceVersion, command: RetirePrice, context: Context) -> PriceVersion | None:
    """What would be resolved in place of a retired version from its end on."""
    scope, at = version.scope, command.effective_to
    city_id = scope.city_id
    if scope.branch_id is not None:
        city_id = context.require("branch", scope.branch_id).city_on(business_date(at, context.tz))
    narrower = State(lines={key: [v for v in line if v is not version] for key, line in state.lines.items()})
    return narrower.resolve(at, scope.branch_id, city_id, scope.practitioner_id, version.visit_type)


def _stream_of_version(command: RetirePrice, context: Context) -> str:
    service_id = context.holder("price_version", command.price_version_id)
    if service_id is None:
        raise Refused("PRICE_NOT_FOUND", "no such price", id=command.price_version_id)
    return service_id


DECISIONS: dict[type[Command], Decision] = {
    SetPrice: Decision(set_price, target="service_id", creates=None),
    RetirePrice: Decision(retire_price, target=_stream_of_version),
}
