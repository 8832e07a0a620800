"""The rules of a policy."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec

from event_store.aggregates.policy.commands import PublishPolicy, RetirePolicy
from event_store.aggregates.policy.events import PolicyPublished, PolicyRetired, PolicyScope
from event_store.aggregates.policy.state import State
from mymedic.deciding import Context, Decision, check
from mymedic.errors import Refused
from mymedic.messages import Command, Event
from mymedic.policies import DEFAULTS, CancellationBody, DepositBody, PolicyBody, RefundBody, policy_id


def publish_policy(state: State, command: PublishPolicy, context: Context) -> Iterable[Event]:
    _check_scope(command.scope, context)
    check(
        type(command.body) is type(DEFAULTS[command.kind]),
        "POLICY_INVALID",
        f"the body is not that of a {command.kind} policy",
        field="body",
    )
    wrong = _fault(command.body)
    check(wrong is None, "POLICY_INVALID", wrong or "", field="body")
    check(
        command.effective_from >= context.now,
        "BACKDATED_CHANGE",
        "a policy begins now or later",
        field="effective_from",
    )
    check(
        all(version.effective_from != command.effective_from for version in state.versions()),
        "ALREADY_EXISTS",
        "a version of this policy begins at the same instant; retire it first",
        field="effective_from",
    )
    yield PolicyPublished(
        policy_version_id=context.new_id("pol"),
        kind=command.kind,
        scope=command.scope,
        body=command.body,
        effective_from=command.effective_from,
    )


def _check_scope(scope: PolicyScope, context: Context) -> None:
    check(
        (scope.city_id is not None) == (scope.level == "city")
        and (scope.branch_id is not None) == (scope.level == "branch"),
        "VALIDATION_FAILED",
        f"a policy of level {scope.level} names the id of that level and no other",
        field="scope",
    )
    if scope.branch_id is not None:
        context.require("branch", scope.branch_id)


def _fault(body: PolicyBody) -> str | None:
    """What is wrong with a body, beyond what its types say."""
    rules: list[tuple[bool, str]] = []
    match body:
        case CancellationBody(tiers=tiers):
            pairs = list(pairwise(tiers))
            rules = [
                (tiers[-1:] != () and tiers[-1].min_lead_seconds == 0, "the last tier begins at a lead of 0"),
                (all(one.min_lead_seconds > two.min_lead_seconds for one, two in pairs), "the leads decrease"),
                (all(one.forfeit_bps <= two.forfeit_bps for one, two in pairs), "a shorter lead forfeits no less"),
            ]
        case DepositBody():
            rules = [
                (
                    body.max_paise is None or body.min_paise <= body.max_paise,
                    "the highest deposit is the higher",
                ),
                (body.mode != "fixed" or body.fixed_paise > 0, "a fixed deposit is more than 0"),
                (body.mode != "bps" or body.bps > 0, "a share of the price is more than 0"),
            ]
        case RefundBody():
            rules = [
                (
                    body.auto_approve_limit_paise <= body.manager_limit_paise,
                    "managers approve at least what needs no approval",
                )
            ]
    return next((rule for holds, rule in rules if not holds), None)


def retire_policy(state: State, command: RetirePolicy, context: Context) -> Iterable[Event]:
    published = state.published[command.policy_version_id]
    check(command.policy_version_id not in state.retired, "INVALID_STATE", "the version is retired already")
    check(
        command.effective_to >= context.now,
        "BACKDATED_CHANGE",
        "a policy ends now or later",
        field="effective_to",
    )
    check(
        command.effective_to >= published.effective_from,
        "VALIDATION_FAILED",
        "a version ends not before it begins",
        field="effective_to",
    )
    if state.level == "tenant":
        retired = {**state.retired, command.policy_version_id: command.effective_to}
        after = msgspec.structs.replace(state, retired=retired)
        check(
            after.in_force(command.effective_to),
            "POLICY_NOT_FOUND",
            "no tenant-wide version would remain; publish its successor instead",
            policy_version_id=command.policy_version_id,
        )
    yield PolicyRetired(policy_version_id=command.policy_version_id, effective_to=command.effective_to)


def _stream_of_scope(command: PublishPolicy, context: Context) -> str:
    return policy_id(command.kind, branch_id=command.scope.branch_id, city_id=command.scope.city_id)


def _stream_of_version(command: RetirePolicy, context: Context) -> str:
    id = context.holder("policy_version", command.policy_version_id)
    if id is None:
        raise Refused("POLICY_NOT_FOUND", "no such policy", id=command.policy_version_id)
    return id


DECISIONS: dict[type[Command], Decision] = {
    PublishPolicy: Decision(publish_policy, target=_stream_of_scope, creates=None),
    RetirePolicy: Decision(retire_policy, target=_stream_of_version),
}
