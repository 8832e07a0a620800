"""Requests drawn from the OpenAPI document itself, right ones and wrong ones: no 5xx, and every 4xx with a code."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode

from mymedic.errors import CODES
from tests.integration.api.conftest import Api

EXAMPLES = 1  # of each operation and kind
OF_A_STRANGER = {"/health", "/ready", "/metrics"}


@pytest.fixture(scope="module")
def operations(api: Api) -> list[Any]:
    document = api.client.get("/schema/openapi.json").json()
    return [found.ok() for found in schemathesis.openapi.from_dict(document).get_all_operations()]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.name.lower())
def test_whatever_the_schema_gives_is_answered(api: Api, operations: list[Any], mode: GenerationMode) -> None:
    assert len(operations) > 60
    statuses: set[int] = set()
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and operation.path in OF_A_STRANGER:
            continue

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            statuses.add(_status(api, case))

        ask()
    assert not [status for status in statuses if status >= 500]


def _status(api: Api, case: Any) -> int:
    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {api.token('*', 'ten_test')}"}
    sent = case.as_transport_kwargs(base_url="http://testserver")
    answer = api.client.request(
        sent["method"],
        sent["url"],
        params=sent.get("params"),
        headers={name: value for name, value in sent["headers"].items() if _is_sendable(value)},
        cookies=None,
        **({"json": sent["json"]} if "json" in sent else {"content": sent.get("data") or b""}),
    )
    if answer.status_code >= 400:
        problem = answer.json()
        assert answer.headers["Content-Type"] == "application/problem+json", answer.text
        assert problem["code"] in CODES, problem
    return int(answer.status_code)


def _is_sendable(value: str) -> bool:
    """Whether a client could put it into a header at all."""
    return value.isascii() and value.isprintable()
