"""The schema that clients are generated from says what the server takes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from event_store.audit.questions import QUESTIONS
from event_store.catalogue import COMMANDS, kebab
from mymedic.messages import Command
from tests.integration.api.conftest import Api


@pytest.fixture(scope="module")
def schema(api: Api) -> dict[str, Any]:
    return dict(api.client.get("/schema/openapi.json").json())


def sendable() -> list[type[Command]]:
    return [command for command in COMMANDS.values() if not command.is_from_door]


def test_every_command_has_its_path_and_no_other_has_one(schema: dict[str, Any]) -> None:
    described = {path for path in schema["paths"] if path.startswith("/v1/commands/")}
    assert described == {f"/v1/commands/{kebab(command.__name__)}" for command in sendable()}


def test_a_command_is_described_by_its_struct(schema: dict[str, Any]) -> None:
    for command in sendable():
        operation = schema["paths"][f"/v1/commands/{kebab(command.__name__)}"]["post"]
        assert operation["operationId"] == command.__name__
        reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        described = schema["components"]["schemas"][reference.rpartition("/")[2]]
        named = {field.encode_name for field in msgspec.structs.fields(command)}
        assert set(described["properties"]) == named, command.__name__
        needed = {field.encode_name for field in msgspec.structs.fields(command) if field.required}
        assert set(described.get("required", ())) == needed, command.__name__


def test_refusals_and_headers_are_described(schema: dict[str, Any]) -> None:
    operation = schema["paths"]["/v1/commands/capture-payment"]["post"]
    assert {"200", "401", "403", "404", "409", "413", "415", "422", "429", "503"} <= set(operation["responses"])
    problem = operation["responses"]["409"]["content"]
    assert list(problem) == ["application/problem+json"]
    headers = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
    assert headers == {
        *("Idempotency-Key", "If-Match", "X-Aggregate-Id", "X-Channel", "X-Correlation-Id"),
        *("X-Causation-Id", "X-Client-Recorded-At", "X-Tenant-Id", "X-Cosigner-Authorization"),
    }
    assert schema["security"] == [{"bearer": []}]


def test_amounts_have_bounds(schema: dict[str, Any]) -> None:
    amount = schema["components"]["schemas"]["CapturePayment"]["properties"]["amount_paise"]
    assert (amount["type"], amount["minimum"], amount["maximum"]) == ("integer", 1, 10**14)


def test_every_command_has_an_example_that_passes(schema: dict[str, Any]) -> None:
    """Both for the schema that clients see and for the decoder that the server uses."""
    for command in sendable():
        content = schema["paths"][f"/v1/commands/{kebab(command.__name__)}"]["post"]["requestBody"]["content"]
        shown = content["application/json"]["example"]
        described = {**content["application/json"]["schema"], "components": schema["components"]}
        validator = Draft202012Validator(described)
        assert not [error.message for error in validator.iter_errors(shown)], command.__name__
        msgspec.json.decode(msgspec.json.encode(shown), type=command)


def test_the_batch_is_described(schema: dict[str, Any]) -> None:
    operation = schema["paths"]["/v1/commands:batch"]["post"]
    assert operation["operationId"] == "SubmitBatch"
    assert schema["components"]["schemas"]["Batch"]["properties"]["commands"]["maxItems"] == 200


def test_the_auditors_questions_are_described(schema: dict[str, Any]) -> None:
    for word, question in QUESTIONS.items():
        operation = schema["paths"][f"/v1/audit/{word}"]["get"]
        assert operation["operationId"] == f"Audit{word.capitalize()}" and operation["summary"] == question.summary
        parameters = {one["name"]: one for one in operation["parameters"]}
        assert ("page" in parameters) == question.is_paged and "as_of" in parameters
        assert parameters["patient_id"]["schema"]["examples"]


def test_a_pack_is_described_as_a_zip(schema: dict[str, Any]) -> None:
    assert list(schema["paths"]["/v1/audit/pack"]["get"]["responses"]["200"]["content"]) == ["application/zip"]
    assert list(schema["paths"]["/v1/audit/verifier"]["get"]["responses"]["200"]["content"]) == ["text/x-python"]
