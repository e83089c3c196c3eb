"""Web addresses: which may be fetched, which lead to the public internet, and which are the same."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Self

from yarl import URL

from index.ingestion.problems import Problem, UnusableSourceError

LONGEST_ADDRESS = 2_048

DEFAULT_PORTS = frozenset({80, 443})

Judge = Callable[[str], str | None]
"""Says why an IP address may not be connected to; None if it may."""

# Denied by default, because Python's own tables are too lenient: on 3.11.7, `is_global` lets multicast, 6to4,
# NAT64-wrapped loopback and 192.0.0.192 through. Source: the IANA special-purpose address registries.
_PRIVATE_V4 = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "168.63.129.16/32",  # Azure's host agent: public by its number, and never a web site
        ),
    )
)
_GLOBAL_V6 = ip_network("2000::/3")
_SPECIAL_V6 = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_NAT64 = ip_network("64:ff9b::/96")

# What no operator means when he allows a name: the machine's own cloud, and what is no host.
_NEVER = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "169.254.0.0/16",
            "100.100.100.200/32",
            "168.63.129.16/32",
            "192.0.0.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/128",
            "fe80::/10",
            "fd00:ec2::254/128",
            "fd20:ce::254/128",
            "ff00::/8",
        ),
    )
)

_FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x20\x7f\\\u2028\u2029\u3002\uff0e\uff61]")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
_NUMERIC_LABEL = re.compile(r"0x[0-9a-f]*|[0-9]+")
_LOCAL_ENDINGS = (
    ".local",
    ".localhost",
    ".internal",
    ".intranet",
    ".lan",
    ".home",
    ".corp",
    ".home.arpa",
    ".onion",
    ".test",
    ".invalid",
    ".example",
)
_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|msclkid|yclid|twclid|igshid|mc_cid|mc_eid|_hsenc|_hsmi|mkt_tok|ref_src|cmpid"
)
_FRONT_LABELS = re.compile(r"(?:www\d?|m|mobile|amp)\.")


def why_not_public(address: str) -> str | None:
    """Judge an IP address: None if packets to it go to the public internet, else a reason.

    Mapped IPv6 and the NAT64 prefix are judged by the IPv4 address inside, so that hosts with IPv6 only still work.
    """
    ip = _parse_ip(address)
    if ip is None:
        return "it is no IP address"
    if ip.version == 4:
        return _first_network(ip, _PRIVATE_V4)
    if ip not in _GLOBAL_V6:
        return f"{ip} is outside of {_GLOBAL_V6}"
    return _first_network(ip, _SPECIAL_V6)


def why_never(address: str) -> str | None:
    """Judge an address behind a name that the operator has allowed: private ones pass, metadata services do not."""
    ip = _parse_ip(address)
    return "it is no IP address" if ip is None else _first_network(ip, _NEVER)


def _parse_ip(address: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ip_address(address.split("%", 1)[0])
    except ValueError:
        return None
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return ip.ipv4_mapped
        if ip in _NAT64:
            return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip


def _first_network(ip: IPv4Address | IPv6Address, networks: Iterable[object]) -> str | None:
    return next((f"{ip} is in {network}" for network in networks if ip in network), None)  # type: ignore[operator]  # a network of the other version holds nothing


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """A host that the operator allows although it is not public; `port` None stands for the usual ports.

    `host` is in lower case, an IPv6 address without brackets.
    """

    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host`, `host:port`, `[v6]` or `[v6]:port`.

        Raises:
            ValueError: It is none of these.
        """
        match = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([^\s\[\]:/@?#]+))(?::(\d{1,5}))?", text.strip().lower())
        if match is None or (match[3] is not None and not 0 < int(match[3]) < 65_536):
            raise ValueError(f"{text!r} is neither a host nor host:port")
        return cls(match[1] or match[2].rstrip("."), None if match[3] is None else int(match[3]))

    def covers(self, url: URL, ports: frozenset[int] = DEFAULT_PORTS) -> bool:
        """Whether an address leads to just this host and port."""
        host = (url.raw_host or "").lower().rstrip(".")
        return host == self.host and (url.port in ports if self.port is None else url.port == self.port)


def check_address(
    text: str,
    allowed: Iterable[AllowedHost] = (),
    ports: frozenset[int] = DEFAULT_PORTS,
    judge: Judge = why_not_public,
) -> URL:
    """Parse an address as a person typed it, or as a page named it.

    The URL that is returned is the one to be fetched: parsing twice, by two rules, is how such checks are passed by.

    Raises:
        UnusableSourceError: It has another scheme than http and https, another port, names a user, is no proper
            address (BAD_ADDRESS), or is a number or a name of a private network (FORBIDDEN_ADDRESS).
    """

    def bad(detail: str) -> UnusableSourceError:
        return UnusableSourceError(shown(text), Problem.BAD_ADDRESS, detail)

    if len(text) > LONGEST_ADDRESS:
        raise bad(f"it has more than {LONGEST_ADDRESS:,} characters")
    if _FORBIDDEN_CHARACTERS.search(text):
        raise bad("it holds characters that no address has")
    try:
        url = URL(text)
        port = url.port
    except ValueError as error:
        raise bad("it is malformed") from error
    if url.scheme not in {"http", "https"}:
        raise bad("only http and https can be fetched")
    authority = re.split("[/?#]", text.split("://", 1)[-1], maxsplit=1)[0]
    if url.user is not None or url.password is not None or "@" in authority:
        raise bad("it names a user")
    host = (url.raw_host or "").lower()
    if not host:
        raise bad("it names no host")
    if "%" in host:
        raise bad("its host has a zone or is encoded")
    if any(one.covers(url, ports) for one in allowed):
        return url.with_fragment(None)
    if port not in ports:
        raise bad(f"port {port} is not one of {', '.join(map(str, sorted(ports)))}")
    reason = _why_forbidden(host, judge, bad)
    if reason is not None:
        raise UnusableSourceError(shown(text), Problem.FORBIDDEN_ADDRESS, reason)
    return url.with_fragment(None)


def _why_forbidden(host: str, judge: Judge, bad: Callable[[str], UnusableSourceError]) -> str | None:
    if is_ip_address(host):
        return judge(host)
    if not _HOST.fullmatch(host):
        raise bad("its host is malformed")
    name = host.rstrip(".")
    # Systems read 2130706433, 0x7f.1 and 017700000001 as 127.0.0.1; no top-level domain is a number.
    if _NUMERIC_LABEL.fullmatch(name.rsplit(".", 1)[-1]):
        return "it is a number in disguise"
    if "." not in name or name.endswith(_LOCAL_ENDINGS):
        return f"{name} is a name of a local network"
    return None


def is_ip_address(host: str) -> bool:
    """Whether a host is an IP address in its usual form, without brackets and zone."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def shown(address: str) -> str:
    """An address as it may be repeated in a message: without a password, control characters or endless length."""
    text = re.sub(r"(?<=://)[^/?#\s]*@", "", address)
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= 200 else f"{text[:199]}…"


def same_page(address: str) -> str:
    """The form under which two addresses of one page are equal: to find duplicates, not to fetch.

    The host is in lower case; the usual port, the fragment and parameters that only track readers are gone.
    What is no web address is returned as it is.
    """
    try:
        url = URL(address.strip())
    except ValueError:
        return address
    if url.scheme not in {"http", "https"} or not url.raw_host:
        return address
    query = [(key, value) for key, value in url.query.items() if not _TRACKING.fullmatch(key.lower())]
    kept = url.with_fragment(None)
    if len(query) != len(url.query):
        kept = kept.with_query(query)
    return str(kept.with_path(kept.raw_path or "/", encoded=True, keep_query=True))


def same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one host, a leading "www.", "m." or "amp." aside.

    Deliberately narrow: who writes pages on one host of a shared domain must not speak for another.
    """
    try:
        hosts = [_FRONT_LABELS.sub("", (URL(address).raw_host or "").lower(), count=1) for address in (one, other)]
    except ValueError:
        return False
    return hosts[0] == hosts[1] != ""
