"""flows/pages/addresses.py: which addresses are of the public internet, and of whose names all are."""

from __future__ import annotations

import socket

import pytest

from flows.pages import addresses
from flows.pages.addresses import AddressError

# One of each block of IANA's registries of special-purpose addresses that nobody outside can be reached at.
PRIVATE = (
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1"),
    *("172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *(
        "::",
        "::1",
        "64:ff9b:1::1",
        "100::1",
        "2001:2::1",
        "2001:db8::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fe80::1%eth0",
    ),
    *("fec0::1", "ff02::1"),
    # An address of IPv4 in one of IPv6.
    *("::127.0.0.1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:c0a8:1::1"),
)
PUBLIC = ("8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8")


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address: str) -> None:
    assert addresses.is_public(address)


def test_a_host_is_public_with_every_address_that_it_has() -> None:
    assert addresses.public("h.example", 443, lambda *_: ["8.8.8.8", "2606:4700::1111"]) == [
        "8.8.8.8",
        "2606:4700::1111",
    ]
    with pytest.raises(
        AddressError, match=r"h\.example is at 10\.0\.0\.1, which is no .* COMPUTE_LIMITS_MIRROR or HTTPS_PROXY"
    ):
        addresses.public("h.example", 443, lambda *_: ["8.8.8.8", "10.0.0.1"])


def test_a_name_of_this_machine_is_looked_up() -> None:
    assert "127.0.0.1" in addresses.found("localhost", 80)
    with pytest.raises(AddressError):
        addresses.public("localhost", 80)


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "a..example", ".example"])
def test_what_can_be_no_name_has_no_address(name: str) -> None:
    with pytest.raises(socket.gaierror):
        addresses.found(name, 80)


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "017700000001", "[::1]", "localhost", "a.localhost."]
)
def test_a_number_is_read_as_the_system_reads_it(host: str) -> None:
    with pytest.raises(AddressError):
        addresses.public_if_numeric(host)


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700::1111]", "h.example", "intranet"])
def test_a_name_is_left_to_the_proxy(host: str) -> None:
    addresses.public_if_numeric(host)
