"""The addresses that a page may be fetched from: those of the public internet.

A name on the web may be given any address by whoever owns it, that of this machine and of its neighbours too, who
answer us because we stand among them. So a name is resolved once, its addresses are looked at, and one of those that
were looked at is connected to.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from urllib3.util.connection import allowed_gai_family

from flows.errors import UserError

Resolve = Callable[[str, int], list[str]]

# Behind these prefixes of IPv6 an address of IPv4 is reached by a translator: RFC 4291, RFC 6052.
_TRANSLATED = (IPv6Network("::/96"), IPv6Network("64:ff9b::/96"))


class AddressError(UserError):
    """A host is at an address that is not of the public internet."""


def found(host: str, port: int) -> list[str]:
    """The addresses of a host, as numbers, each once, in the order in which they should be tried.

    Raises:
        socket.gaierror: it has none.

    """
    try:
        lines = socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM)
    except UnicodeError as error:  # a label is empty or longer than 63 letters
        raise socket.gaierror(socket.EAI_NONAME, "no name of a host") from error
    return list(dict.fromkeys(str(line[4][0]) for line in lines))


def public(host: str, port: int, look_up: Resolve = found) -> list[str]:
    """As `found`, of a host that is on the public internet with every address that it has.

    Raises:
        AddressError: one of its addresses is of this machine, of a private network or otherwise not public.
        socket.gaierror: it has none.

    """
    addresses = look_up(host, port)
    for address in addresses:
        if not is_public(address):
            raise AddressError(
                f"{host} is at {address}, which is no address of the public internet, and is not asked; "
                "if that is your mirror or proxy, say so in COMPUTE_LIMITS_MIRROR or HTTPS_PROXY"
            )
    return addresses


def public_if_numeric(host: str) -> None:
    """Of a host that a proxy looks up: a number, in whatever form, must be public; a name is the proxy's to know.

    Raises:
        AddressError: it is a number and not public, or the name that every machine has for itself.

    """
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        public(host, 0, lambda *_: ["127.0.0.1"])
    with suppress(socket.gaierror):
        public(host, 0, _numeric)


def _numeric(host: str, port: int) -> list[str]:
    # The C library's reading of a number, to which 127.1, 0x7f000001 and 2130706433 are 127.0.0.1.
    lines = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return [str(line[4][0]) for line in lines]


def is_public(address: str) -> bool:
    """Whether an address, an IPv6 one with or without its zone, is one that the whole internet can reach."""
    each = ip_address(address.partition("%")[0])
    within = _within(each) if isinstance(each, IPv6Address) else None
    if within is not None:
        return is_public(str(within))
    special = each.is_multicast or each.is_reserved or each.is_unspecified or getattr(each, "is_site_local", False)
    return each.is_global and not special


def _within(address: IPv6Address) -> IPv4Address | None:
    """The address of IPv4 that one of IPv6 stands for."""
    if any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
