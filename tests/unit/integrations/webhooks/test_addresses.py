"""Where webhooks may go: the public internet, over TLS; everything else only by an operator's word."""

from __future__ import annotations

import asyncio

import pytest

from integrations.webhooks.addresses import Reach
from mymedic.errors import Refused

PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *("255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1"),
    *("::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::", "fec0::1"),
]
PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"]


def reach(*networks: str, answers: list[str] | None = None, allows_http: bool = False) -> Reach:
    async def resolve(host: str, port: int) -> list[str]:
        return answers or []

    return Reach(networks, allows_http=allows_http, resolve=resolve)


def resolved(by: Reach, url: str = "https://hooks.example/x") -> str:
    return asyncio.run(by.address_of(by.require(url)))


@pytest.mark.parametrize("address", PRIVATE)
def test_no_name_leads_to_a_private_address(address: str) -> None:
    for answers in ([address], ["93.184.215.14", address]):
        with pytest.raises(Refused, match="public internet"):
            resolved(reach(answers=answers))


@pytest.mark.parametrize("address", PRIVATE)
def test_nor_does_an_address_in_the_url(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Refused, match="public internet"):
        reach().require(f"https://{host}/x")


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert resolved(reach(answers=[address])) == address


def test_an_operator_may_allow_a_network() -> None:
    allowing = reach("10.0.0.0/8", "fd00::/8", answers=["10.1.2.3"])
    assert resolved(allowing) == "10.1.2.3"
    assert resolved(reach("10.0.0.0/8", answers=["::ffff:10.1.2.3"])) == "::ffff:10.1.2.3"
    with pytest.raises(Refused):
        resolved(reach("10.0.0.0/8", answers=["192.168.1.1"]))


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x",
        "ftp://hooks.example/x",
        "hooks.example",
        "https://",
        "https://user:secret@hooks.example/x",
        "https://hooks.example:99999/x",
        "https://hooks.example:0/x",
        "https://hooks.example/\n",
        "https://hooks.example/ü",
        "https://hooks.example/#x",
        "https://hooks.example/" + "x" * 2_000,
        "https://[::1/x",
    ],
)
def test_what_is_no_webhooks_url_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refusal:
        reach().require(url)
    assert (refusal.value.code, refusal.value.details) == ("VALIDATION_FAILED", {"field": "url"})


def test_plain_http_needs_an_operators_word() -> None:
    assert reach(allows_http=True).require("http://hooks.example:8080/x").port == 8080


@pytest.mark.parametrize("name", ["2130706433", "0x7f000001", "127.1", "localhost"])
def test_a_loopback_in_disguise_is_seen_once_it_is_resolved(name: str) -> None:
    """The machine's own resolver reads these as 127.0.0.1."""
    by = Reach()
    with pytest.raises(Refused, match="public internet"):
        asyncio.run(by.address_of(by.require(f"https://{name}/x")))
