"""Where a webhook may go: over HTTPS, to addresses of the public internet; to others only where an operator says so.

A name is resolved once and the connection goes to that very address: a name that answers differently the next time
gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from mymedic.errors import Refused

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
_PORTS = {"https": 443, "http": 80}
# IPv4 addresses written as IPv6 ones for translators: what matters is what stands in them.
_TRANSLATED = ip_network("64:ff9b::/96")
_URL_LIMIT = 2_000


async def resolve(host: str, port: int) -> list[str]:
    """The machine's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Reach:
    """`networks`: those that are not public and are allowed all the same. `allows_http`: without TLS too."""

    def __init__(self, networks: Sequence[str] = (), *, allows_http: bool = False, resolve: Resolve = resolve) -> None:
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(one) for one in networks]
        self._allows_http = allows_http
        self._resolve = resolve

    def require(self, url: str) -> SplitResult:
        """The parts of a URL that may be called; VALIDATION_FAILED when it may not, whatever its name resolves to."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise _refused(f"{url[:100]} is no URL: {error}") from error
        if parts.scheme != "https" and not (parts.scheme == "http" and self._allows_http):
            raise _refused("a webhook goes over https")
        if not parts.hostname or parts.username is not None or parts.password is not None or port == 0:
            raise _refused("a webhook's URL has a host, and no name or password")
        if len(url) > _URL_LIMIT or not url.isascii() or not url.isprintable() or parts.fragment:
            raise _refused(f"a webhook's URL has up to {_URL_LIMIT} printable ASCII characters and no fragment")
        try:
            address = ip_address(parts.hostname)
        except ValueError:
            return parts
        self._require_allowed(address)
        return parts

    async def address_of(self, parts: SplitResult) -> str:
        """Where to connect to. VALIDATION_FAILED when any of its addresses is out of reach; OSError without one."""
        host = parts.hostname or ""
        addresses = await self._resolve(host, parts.port or _PORTS[parts.scheme])
        if not addresses:
            raise OSError(f"{host} has no address")
        for address in addresses:
            self._require_allowed(ip_address(address.partition("%")[0]))
        return addresses[0]

    def _require_allowed(self, address: Address) -> None:
        meant = _meant(address)
        if any(one in network for one in (address, meant) for network in self._networks):
            return
        if not meant.is_global or meant.is_multicast or not address.is_global or _is_odd(address):
            raise _refused(f"{address} is no address of the public internet")


def _meant(address: Address) -> Address:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _TRANSLATED:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_odd(address: Address) -> bool:
    """Tunnels to IPv4 addresses, and site-local ones, which Python takes for global."""
    if isinstance(address, IPv4Address):
        return False
    return address.sixtofour is not None or address.teredo is not None or address.is_site_local


def _refused(message: str) -> Refused:
    return Refused("VALIDATION_FAILED", message, field="url")
