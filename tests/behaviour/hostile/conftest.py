"""What strangers may hand in: every case ends as an error with a reason, in bounded time, and harms nothing.

All traffic stays on 127.0.0.0/8: 127.0.0.2 stands for a public server, and 127.0.0.1 for what must not be reached.
"""

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest
import pytest_asyncio

from index.ingestion.addresses import why_not_public
from index.ingestion.extracting.sources import Limits
from index.ingestion.fetching import Fetcher
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.rules import FetchRules
from index.ingestion.worker import WorkerRules, Workers
from tests.behaviour.hostile.samples import PAGE
from tests.support.ports import free_port
from tests.support.web import Names, Web, reply, served

NAMES: dict[str, Sequence[str] | Sequence[Sequence[str]]] = {
    "pub.site.net": ["127.0.0.2"],
    "private.site.net": ["127.0.0.1"],
    "metadata.site.net": ["169.254.169.254"],
    "six.site.net": ["::1"],
    "mapped.site.net": ["::ffff:127.0.0.1"],
    "translated.site.net": ["64:ff9b::7f00:1"],
    "tunnelled.site.net": ["2002:7f00:1::"],
    "zero.site.net": ["0.0.0.0"],
    "local6.site.net": ["fd00:ec2::254"],
    "zone.site.net": ["fe80::1%1"],
    "shared.site.net": ["100.100.100.200"],
    "multicast.site.net": ["224.0.0.251"],
    "both.site.net": ["127.0.0.2", "127.0.0.1"],
    "both-turned.site.net": ["127.0.0.1", "127.0.0.2"],
    "rebound.site.net": [["127.0.0.2"], ["127.0.0.1"]],
}


def judge(address: str) -> str | None:
    return None if address == "127.0.0.2" else why_not_public(address)


@dataclass
class Internet:
    """A public server, a private one on the same port, and a fetcher that may reach the first."""

    public: Web
    private: Web
    fetcher: Fetcher

    def url(self, path: str = "/", host: str = "pub.site.net") -> str:
        return f"http://{host}:{self.public.port}{path}"


@pytest_asyncio.fixture(loop_scope="module")
async def internet() -> AsyncIterator[Internet]:
    port = free_port()
    async with served("127.0.0.2", port) as public, served("127.0.0.1", port) as private:
        private.routes["*"] = reply("SECRET")
        public.routes["/page"] = reply(PAGE)
        rules = FetchRules(
            ports=frozenset({public.port}), timeout_s=1.5, idle_s=0.7, connect_s=0.5, max_bytes=1024 * 1024, pause_s=0.0
        )
        async with Fetcher(rules, Names(NAMES), judge) as fetcher:
            yield Internet(public, private, fetcher)
        assert private.requests == [], "something private was reached"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[Workers]:
    rules = WorkerRules(processes=1, memory_bytes=512 * 1024 * 1024, cpu_s=4, wall_s=10.0)
    async with Workers(rules, Limits()) as workers:
        yield workers


async def refused(fetcher: Fetcher, address: str) -> Problem:
    began = time.perf_counter()
    with pytest.raises(UnusableSourceError) as caught:
        await fetcher.fetch(address)
    assert time.perf_counter() - began < 3
    return caught.value.problem
