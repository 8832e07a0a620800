"""`token`, `key`: who may speak to the API, in development by tokens of its own, for integrations by keys."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from apps.cli.console import OUT, print_json
from apps.cli.options import HomeOption, JsonOption, TenantOption
from apps.cli.place import store_of, the_tenant
from apps.identity import api_keys_of
from event_store.api.api_keys import ApiKey, ApiKeys
from event_store.api.local_issuer import LocalIssuer
from integrations.ingest import require_id
from mymedic.clock import SystemClock
from mymedic.errors import Refused
from mymedic.ids import is_tenant_id
from mymedic.messages import Actor
from mymedic.settings import settings_of

ROLES = ("PP", "DR", "FD", "FN", "CM", "AU", "EN", "IN")
LONGEST_HOURS = 24 * 31

ActorOption = Annotated[
    str,
    typer.Option("--actor", help="Who bears it: the id of a staff member, patient, practitioner or system."),
]
BranchOption = Annotated[list[str] | None, typer.Option("--branch", help="Only for these branches.")]
NewTenantOption = Annotated[
    str | None, typer.Option("--tenant", help="Tenant id; it may be one that is yet to be made.")
]


def register(app: typer.Typer) -> None:
    app.command()(token)
    keys = typer.Typer(name="key", help="API keys of integrations.", no_args_is_help=True)
    keys.command("issue")(issue)
    keys.command("list")(list_keys)
    keys.command("revoke")(revoke)
    app.add_typer(keys)


def token(
    role: Annotated[list[str], typer.Option("--role", help="PP, DR, FD, FN, CM, AU, EN or IN; may be repeated.")],
    actor: ActorOption,
    branch: BranchOption = None,
    hours: Annotated[int, typer.Option("--hours", min=1, max=LONGEST_HOURS, help="How long it is good for.")] = 12,
    tenant: NewTenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Issue a token for development, bound to a tenant and an actor."""
    who = _actor(role, actor, branch)
    tenant_id = _tenant(home, tenant)
    issuer = LocalIssuer(settings_of(home), SystemClock())
    issued = issuer.issue(tenant_id, who, timedelta(hours=hours))
    _say(json, {"tenant_id": tenant_id, "token": issued}, issued)


def issue(
    actor: ActorOption,
    label: Annotated[str, typer.Option("--label", help="What the key is for, in your own words.")],
    role: Annotated[list[str] | None, typer.Option("--role", help="IN unless given; may be repeated.")] = None,
    branch: BranchOption = None,
    days: Annotated[int | None, typer.Option("--days", min=1, help="Good for so long; else until revoked.")] = None,
    tenant: NewTenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Issue an API key for an integration. It is shown once."""
    who = _actor(role or ["IN"], actor, branch, is_key=True)
    tenant_id = _tenant(home, tenant)
    keys, clock = _keys(home), SystemClock()
    issued = keys.issue(tenant_id, who, label, clock.now() + timedelta(days=days) if days else None)
    _say(json, {"tenant_id": tenant_id, "key_id": issued.split("_")[1], "key": issued}, issued)


def list_keys(tenant: TenantOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """The keys that were issued; never the keys themselves."""
    found = _keys(home).list(tenant)
    if json:
        print_json({"keys": [_shown(key) for key in found]})
        return
    for key in found:
        shown = _shown(key)
        state = "revoked" if key.revoked_at else f"until {shown['expires_at'] or 'revoked'}"
        line = f"{key.key_id}  {key.tenant_id}  {','.join(key.actor.roles)}  {key.actor.id}  {state}  {key.label}"
        OUT.print(line, highlight=False, soft_wrap=True, markup=False)


def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `mymedic key list` shows it.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """End a key at once, also for servers that run."""
    shown = _shown(_keys(home).revoke(key_id))
    _say(json, shown, f"{key_id} was revoked at {shown['revoked_at']}")


def _actor(roles: list[str], actor_id: str, branches: list[str] | None, *, is_key: bool = False) -> Actor:
    unknown = [one for one in roles if one not in ROLES]
    if unknown:
        raise Refused("VALIDATION_FAILED", f"there is no role {unknown[0]}", field="role", known=", ".join(ROLES))
    require_id(actor_id, "actor")
    kind = "integration" if is_key or "IN" in roles else "patient" if roles == ["PP"] else "user"
    return Actor(
        type=kind,  # type: ignore[arg-type]
        id=actor_id,
        roles=tuple(roles),  # type: ignore[arg-type]
        branch_scope=tuple(branches) if branches else "*",
        patient_id=actor_id if "PP" in roles else None,
        practitioner_id=actor_id if "DR" in roles else None,
    )


def _tenant(home: Path | None, wanted: str | None) -> str:
    if wanted is not None:
        if not is_tenant_id(wanted):
            raise Refused("VALIDATION_FAILED", f"{wanted} is no tenant id: ten_ and up to 32 of a-z, 0-9 and _")
        return wanted
    with store_of(home) as (_, store):
        return the_tenant(store.feed, None)


def _keys(home: Path | None) -> ApiKeys:
    return api_keys_of(settings_of(home), SystemClock())


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "tenant_id": key.tenant_id,
        "actor_id": key.actor.id,
        "roles": list(key.actor.roles),
        "label": key.label,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }


def _say(json: bool, shown: dict[str, Any], text: str) -> None:
    if json:
        print_json(shown)
    else:
        OUT.print(text, highlight=False, soft_wrap=True, markup=False)
