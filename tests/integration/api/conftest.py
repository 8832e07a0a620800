"""The command API over a founded chain, asked through Litestar's test client."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from event_store.api.app import create_app
from event_store.api.identity import Bearer, Identity
from event_store.retention.identity import PersonalData
from mymedic.errors import Refused
from mymedic.messages import Actor
from projections.api.catalogue import query_routes
from projections.api.views import Listening, Views
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import ReadDatabase, open_read_database
from projections.keeper import Keeper
from projections.reconciled import ItemFilter, PublishedItem, Settlement
from tests.chain import Chain, opened
from tests.founding import founded
from tests.unit.event_store.clinic import DESK, DOCTOR, ENGINEER, FINANCE, MANAGER, PATIENT, TIMER

EVERYBODY = Actor(
    type="user",
    id="stf_everybody",
    roles=("PP", "DR", "FD", "FN", "CM", "AU", "EN", "IN", "SY"),
    practitioner_id="prac_rao",
    patient_id="pat_asha",
)
ACTORS: dict[str, Actor] = {
    actor.roles[0]: actor for actor in (DESK, DOCTOR, ENGINEER, FINANCE, MANAGER, PATIENT, TIMER)
}


class Badges:
    """Tokens that say on their face who bears them: how real ones are verified has tests of its own."""

    def __init__(self) -> None:
        self._bearers: dict[str, Bearer] = {}

    def issue(self, tenant_id: str, actor: Actor) -> str:
        self._bearers[badge := f"badge_{len(self._bearers)}"] = Bearer(tenant_id, actor)
        return badge

    def claims(self, token: str) -> bool:
        return token in self._bearers

    def known(self, token: str) -> Bearer | None:
        return self._bearers[token]

    def verified(self, token: str) -> Bearer:
        return self._bearers[token]


class Shelf:
    """Published reconciliation items of one tenant: as many as a page of the warehouse would show."""

    def by_id(self, tenant_id: str, item_ids: Collection[str]) -> list[PublishedItem]:
        return [one for one in self._of(tenant_id) if one.item_id in item_ids]

    def of_payments(self, tenant_id: str, payment_ids: Collection[str]) -> dict[str, Settlement]:
        return {one: Settlement(date(2026, 11, 5), "in_transit") for one in payment_ids if one == "pay_n1"}

    def select(self, tenant_id: str, wanted: ItemFilter, said_of: Collection[str], kept: Collection[str]) -> list[str]:
        found = [
            one.item_id
            for one in self._of(tenant_id)
            if (wanted.branch_ids is None or one.branch_id in wanted.branch_ids)
            and (wanted.status is None or one.item_id in kept or one.evidence_status in wanted.status)
        ]
        return found[wanted.offset : wanted.offset + wanted.limit]

    def _of(self, tenant_id: str) -> list[PublishedItem]:
        if tenant_id != "ten_test":
            raise Refused("NOT_FOUND", f"no warehouse of {tenant_id} is published")
        return [an_item(number) for number in range(7)]


def an_item(number: int) -> PublishedItem:
    """Of the north, or for odd numbers of the south."""
    on = date(2026, 10, 20 + number)
    return PublishedItem(
        item_id=f"L1:payment:pay_{number}",
        leg="L1",
        kind="payment",
        class_="missing_in_settlement",
        left_ref=f"pay_{number}",
        right_ref=None,
        branch_id="brn_south" if number % 2 else "brn_north",
        gateway="razorpay",
        business_date=on,
        due_on=on,
        aged_from_on=on,
        left_paise=500,
        right_paise=0,
        matched_paise=0,
        variance_paise=-500,
        fee_variance_paise=0,
        rule_missed=None,
        evidence_status="mismatched",
        stake_paise=500,
        item_hash="0" * 64,
    )


class Api:
    """A client that speaks for whoever is wanted. `other` is a chain of a second tenant in the same store."""

    def __init__(
        self, client: TestClient[Any], tokens: Badges, chain: Chain, other: Chain, database: ReadDatabase
    ) -> None:
        self.client = client
        self.database = database
        self.tokens = tokens
        self.chain = chain
        self.other = other
        self._issued: dict[tuple[str, str], str] = {}

    def token(self, role: str, tenant_id: str) -> str:
        """A token of the tenant for an actor with this role; `*` for one with every role."""
        key = (role, tenant_id)
        if key not in self._issued:
            self._issued[key] = self.tokens.issue(tenant_id, EVERYBODY if role == "*" else ACTORS[role])
        return self._issued[key]

    def send(self, name: str, body: Any, role: str = "FD", *, tenant: str | None = None, **headers: str) -> Any:
        """POST a command; bytes go as they are, anything else as JSON. Header names are given with underscores."""
        sent = {
            "Authorization": f"Bearer {self.token(role, tenant or self.chain.tenant_id)}",
            "Content-Type": "application/json",
            **{key.replace("_", "-"): value for key, value in headers.items()},
        }
        content: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        return self.client.post(f"/v1/commands/{name}", headers=sent, **content)

    def fold(self) -> None:
        """Bring the live views level with both logs."""
        for chain in (self.chain, self.other):
            Keeper(chain.store.feed, self.database, chain.clock, PROJECTIONS).drain(chain.tenant_id)

    def ask(self, path: str, role: str | Actor = "FD", *, tenant: str | None = None, **said: Any) -> Any:
        """GET a view. Parameters are given as they are; those with a capital letter are headers."""
        tenant = tenant or self.chain.tenant_id
        token = self.token(role, tenant) if isinstance(role, str) else self.tokens.issue(tenant, role)
        headers = {name.replace("_", "-"): value for name, value in said.items() if name[0].isupper()}
        params = {name: value for name, value in said.items() if not name[0].isupper()}
        return self.client.get(path, params=params, headers={"Authorization": f"Bearer {token}"} | headers)

    def post_batch(self, body: bytes, role: str = "FD") -> Any:
        headers = {"Authorization": f"Bearer {self.token(role, self.chain.tenant_id)}"}
        return self.client.post("/v1/commands:batch", content=body, headers=headers)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Monday 2026-11-02, 10:00 in India."""
    folder: Path = tmp_path_factory.mktemp("api")
    with opened(folder) as (ledger, vault):
        chain, other = (founded(Chain(ledger, vault, tenant_id)) for tenant_id in ("ten_test", "ten_other"))
        chain.at(2, "10:00")
        tokens = Badges()
        database = open_read_database(f"sqlite:///{folder / 'read.sqlite'}", ROWS)
        views = Views(database, chain.store, PersonalData(chain.store.handler), Shelf(), Listening(0.05, 0.2))
        with TestClient(create_app(chain.store, Identity(tokens), queries=query_routes(views))) as client:
            yield Api(client, tokens, chain, other, database)
        database.close()


def refusal(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem details of an answer that must refuse with this status and code."""
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), problem
    assert problem["type"] == f"urn:mymedic:problem:{code}"
    assert problem["title"] and problem["detail"]
    return dict(problem)
