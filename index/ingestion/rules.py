"""How the web is fetched: by whom, from where, and how much of it."""

import re
from dataclasses import dataclass

from index.ingestion.addresses import DEFAULT_PORTS, AllowedHost


@dataclass(frozen=True, slots=True)
class FetchRules:
    """How the web is fetched.

    Attributes:
        name: The client's name in its user agent; robots.txt is asked about it.
        contact: A web or mail address of whoever runs it, part of the user agent; "" for none.
        allowed_hosts: Hosts that may be fetched although they are not public.
        ports: Ports that any host may be fetched from.
        timeout_s: For one fetch, its redirects included, the wait for its turn not.
        connect_s: For one connection.
        idle_s: Between two pieces of an answer.
        max_bytes: Of a body, before and after decompression.
        max_redirects: For one fetch.
        at_once: Most requests at the same time, over all hosts.
        pause_s: Between the end of a request and the beginning of the next one to the same host.
        longest_pause_s: Most that a robots.txt may ask for as such a pause.
    """

    name: str = "Footnote"
    contact: str = ""
    allowed_hosts: tuple[AllowedHost, ...] = ()
    ports: frozenset[int] = DEFAULT_PORTS
    timeout_s: float = 20.0
    connect_s: float = 5.0
    idle_s: float = 8.0
    max_bytes: int = 20 * 1024 * 1024
    max_redirects: int = 5
    at_once: int = 8
    pause_s: float = 2.0
    longest_pause_s: float = 30.0

    @property
    def user_agent(self) -> str:
        """What is sent as User-Agent."""
        told = f"{self.name} (+{self.contact})" if self.contact else self.name
        return re.sub(r"[^\x20-\x7e]", "?", told)
