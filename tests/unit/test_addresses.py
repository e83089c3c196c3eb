import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.ingestion.addresses import (
    AllowedHost,
    check_address,
    same_page,
    same_site,
    shown,
    why_never,
    why_not_public,
)
from index.ingestion.problems import Problem, UnusableSourceError

# fmt: off
NOT_PUBLIC = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1",
    "127.255.255.254", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.192",
    "192.168.1.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.251",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.88.99.1", "::",
    "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:7f00:1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2001::1", "2001:db8::1",
    "3fff::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254",
    "ff02::1", "ff0e::1", "100::1", "5f00::1", "abc", "1.2.3",
]
# fmt: on

# fmt: off
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "192.0.1.1", "2606:4700::1111",
    "2a00:1450:4001::1", "64:ff9b::808:808", "::ffff:8.8.8.8", "2001:4860:4860::8888",
]
# fmt: on

MALFORMED = [
    "",
    "file:///etc/passwd",
    "ftp://site.net/",
    "gopher://site.net:80/",
    "data:text/html,hi",
    "javascript:alert(1)",
    "unix:///var/run/docker.sock",
    "ws://site.net/",
    "//site.net/x",
    "site.net",
    "http://",
    "http:///x",
    "http://user:pw@site.net/",
    "http://good.com@127.0.0.1/",
    "http://@site.net/",
    "http://good.com\\@127.0.0.1/",
    "http://site.net:22/",
    "http://site.net:6379/",
    "http://site.net:0/",
    "http://site.net:99999/",
    "http://[fe80::1%25eth0]/",
    "http://[::1",
    "http://site..net/",
    "http://-site.net/",
    "http://site.net/\r\nHost: x",
    "http://site.net /",
    "http://si%00te.net/",
    "http://127。0。0。1/",
    "http://%31%32%37.0.0.1/",
    "http://site.net/" + "a" * 3_000,
]

DISGUISED = [
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0.0.0.0/",
    "http://0/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://017700000001/",
    "http://127.1/",
    "http://0177.0.0.1/",
    "http://127.0.0.0x1/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://foo.localhost/",
    "http://metadata.google.internal/",
    "http://printer.local/",
    "http://redis/",
    "http://①②⑦.⓪.⓪.①/",
    "http://１２７.0.0.1/",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_leads_elsewhere_than_to_the_internet_is_refused(address: str) -> None:
    assert why_not_public(address) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_allowed(address: str) -> None:
    assert why_not_public(address) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "100.64.0.1", "fd12::1", "8.8.8.8"])
def test_a_name_that_is_allowed_may_be_private(address: str) -> None:
    assert why_never(address) is None


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "::ffff:169.254.169.254", "0.0.0.0", "224.0.0.1", "fe80::1", "fd00:ec2::254", "x"]
)
def test_not_even_a_name_that_is_allowed_leads_to_metadata(address: str) -> None:
    assert why_never(address) is not None


@pytest.mark.parametrize("address", MALFORMED)
def test_what_is_no_plain_web_address_is_refused(address: str) -> None:
    with pytest.raises(UnusableSourceError) as caught:
        check_address(address)

    assert caught.value.problem is Problem.BAD_ADDRESS


@pytest.mark.parametrize("address", DISGUISED)
def test_an_address_that_leads_into_the_own_network_is_refused_however_it_is_written(address: str) -> None:
    with pytest.raises(UnusableSourceError) as caught:
        check_address(address)

    assert caught.value.problem in {Problem.FORBIDDEN_ADDRESS, Problem.BAD_ADDRESS}


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org",
        "http://example.org:80/a?b=c",
        "https://example.org:443/",
        "HTTPS://Example.ORG/Path",
        "https://münchen.de/straße",
        "https://xn--mnchen-3ya.de/",
        "http://8.8.8.8/",
        "http://[2606:4700::1111]/",
        "https://my_site.example.org/",
        "https://example.org./",
        "https://en.wikipedia.org/wiki/AT%26T_(company)?x=a@b#History",
    ],
)
def test_an_ordinary_address_passes_without_its_fragment(address: str) -> None:
    url = check_address(address)

    assert url.fragment == ""
    assert url.path == check_address(str(url)).path


def test_a_host_is_allowed_for_just_its_port() -> None:
    allowed = [AllowedHost.parse("127.0.0.1:8080"), AllowedHost.parse("Wiki.LAN"), AllowedHost.parse("[::1]:9000")]

    for address in ("http://127.0.0.1:8080/x", "http://wiki.lan/", "https://wiki.lan/", "http://[::1]:9000/"):
        assert str(check_address(address, allowed)) == address
    for address in (
        "http://127.0.0.1/",
        "http://127.0.0.1:8081/",
        "http://127.1:8080/",
        "http://wiki.lan:8080/",
        "http://x.wiki.lan/",
        "http://[::1]/",
        "http://localhost:8080/",
        "http://a@127.0.0.1:8080/",
    ):
        with pytest.raises(UnusableSourceError):
            check_address(address, allowed)


@pytest.mark.parametrize(
    "text", ["", "a b", "http://wiki.lan", "wiki.lan:0", "wiki.lan:99999", "::1", "wiki.lan/x", "a@b"]
)
def test_what_is_no_host_cannot_be_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="neither a host nor"):
        AllowedHost.parse(text)


@pytest.mark.parametrize(
    ("address", "other"),
    [
        ("https://Example.org/a", "https://example.org/a"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("https://example.org/a#part", "https://example.org/a"),
        ("https://example.org/a?utm_source=x&id=3&fbclid=y", "https://example.org/a?id=3"),
        ("https://example.org/a?utm_medium=x", "https://example.org/a"),
    ],
)
def test_addresses_of_one_page_are_the_same(address: str, other: str) -> None:
    assert same_page(address) == same_page(other)


@pytest.mark.parametrize(
    ("address", "other"),
    [
        ("https://example.org/a?id=3", "https://example.org/a?id=4"),
        ("https://example.org/a", "https://example.org/A"),
        ("https://example.org/a", "https://example.com/a"),
        ("https://example.org/a%2Fb", "https://example.org/a/b"),
    ],
)
def test_addresses_of_two_pages_are_not_the_same(address: str, other: str) -> None:
    assert same_page(address) != same_page(other)


def test_what_is_no_address_stays_as_it_is() -> None:
    assert same_page("notes/bridge.md") == "notes/bridge.md"
    assert same_page("http://[::1") == "http://[::1"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://www.example.org/a", "http://example.org/b", True),
        ("https://m.example.org/a", "https://example.org/b", True),
        ("https://a.github.io/", "https://b.github.io/", False),
        ("https://example.org/", "https://example.org.evil.net/", False),
        ("not an address", "https://example.org/", False),
    ],
)
def test_a_site_is_one_host(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same


def test_a_message_repeats_no_password_and_no_control_character() -> None:
    assert shown("https://jane:secret@example.org/\x1b[2J") == "https://example.org/\ufffd[2J"
    assert len(shown("https://example.org/" + "a" * 9_000)) == 200


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://a.net/", "http://a.net:", "http://["]))
def test_any_text_passes_or_is_refused_with_a_reason(text: str, front: str) -> None:
    try:
        url = check_address(front + text)
    except UnusableSourceError as error:
        assert error.problem in {Problem.BAD_ADDRESS, Problem.FORBIDDEN_ADDRESS}  # noqa: PT017
        return
    assert url.scheme in {"http", "https"}
    assert url.port in {80, 443}
    assert url.user is None


@given(st.text(max_size=40).map(lambda text: f"https://example.org/{text}"))
def test_the_common_form_of_an_address_is_its_own_common_form(address: str) -> None:
    assert same_page(same_page(address)) == same_page(address)
