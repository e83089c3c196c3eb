"""Addresses that lead where nobody else may look: by their names, by redirects, and by names that change."""

import pytest

from index.ingestion.connecting import guarded_connector
from index.ingestion.problems import Problem
from index.ingestion.requesting import Fetched
from tests.behaviour.hostile.conftest import NAMES, Internet, judge, refused
from tests.support.web import Names, redirect

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"pub.site.net", "rebound.site.net"}])
async def test_a_name_that_leads_inside_is_refused(internet: Internet, name: str) -> None:
    assert await refused(internet.fetcher, internet.url("/page", name)) is Problem.FORBIDDEN_ADDRESS


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://private.site.net:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::1]:{port}/",
        "http://[fe80::1%25lo]:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://127.1:{port}/",
        "http://localhost:{port}/",
        "http://pub.site.net@127.0.0.1:{port}/",
        "http://user:pass@pub.site.net:{port}/page",
        "http://pub.site.net:{port}\\@127.0.0.1:{port}/",
        "http://pub.site.net:22/",
        "http://①②⑦.⓪.⓪.①:{port}/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,hello",
        "gopher://127.0.0.1:{port}/_x",
        "http://[::1",
        "",
        "   ",
    ],
)
async def test_a_redirect_leads_nowhere_else(internet: Internet, target: str) -> None:
    internet.public.routes["/a"] = redirect(target.format(port=internet.public.port))

    problem = await refused(internet.fetcher, internet.url("/a"))

    assert problem in {Problem.FORBIDDEN_ADDRESS, Problem.BAD_REDIRECT}


async def test_a_name_that_changes_its_address_is_judged_each_time(internet: Internet) -> None:
    address = internet.url("/page", "rebound.site.net")

    assert isinstance(await internet.fetcher.fetch(address), Fetched)
    assert await refused(internet.fetcher, address) is Problem.FORBIDDEN_ADDRESS


async def test_a_redirect_to_a_name_that_has_changed_is_judged(internet: Internet) -> None:
    internet.public.routes["/a"] = redirect(internet.url("/page", "rebound.site.net"))

    assert isinstance(await internet.fetcher.fetch(internet.url("/a")), Fetched)
    assert await refused(internet.fetcher, internet.url("/a")) is Problem.FORBIDDEN_ADDRESS


async def test_the_connection_itself_is_judged_when_a_resolver_is_fooled(internet: Internet) -> None:
    """Rebinding attacks the look-up between judgement and connection; here nothing judges any look-up."""
    await internet.fetcher.fetch(internet.url("/page"))
    for session in internet.fetcher._requester._sessions.values():
        session.connector._resolver = Names(NAMES)  # type: ignore[union-attr]  # the guarded one is put aside

    assert await refused(internet.fetcher, internet.url("/page", "private.site.net")) in {
        Problem.FORBIDDEN_ADDRESS,
        Problem.UNREACHABLE,
    }


async def test_a_connector_opens_no_socket_of_another_family_or_port() -> None:
    connector = guarded_connector(Names({}), judge, frozenset({80}), 1)
    make = connector._socket_factory
    assert make is not None

    for info in (
        (1, 1, 0, "", ("/var/run/docker.sock",)),
        (2, 1, 6, "", ("127.0.0.2", 6379)),
        (2, 1, 6, "", ("127.0.0.1", 80)),
    ):
        with pytest.raises(OSError, match=r"internet|port|127"):
            make(info)
    await connector.close()
