"""How articles are gathered; whoever runs Footnote decides."""

from dataclasses import dataclass

from index.ingestion.addresses import AllowedHost
from index.ingestion.rules import FetchRules
from index.ingestion.worker import WorkerRules


@dataclass(frozen=True, slots=True)
class GatheringRules:
    """How articles are gathered.

    Attributes:
        allowed_hosts: `host` or `host:port` that may be fetched although they are not public.
        contact: A web or mail address of whoever runs it, told to every server; None for none.
        jobs_at_once: Jobs that run at the same time, >= 1.
        pages_at_once: Addresses of one job that are fetched at the same time, >= 1; a host is asked one at a time.
        workers: Processes that read files and pages at the same time, >= 1.
        memory_mb: Of each of them, beyond what Python takes.
        pause_s: Between two requests to one host.
        slice_s: After so long a job lets those of other collections go first.
        poll_s: Between two looks for jobs that another process has submitted, and at the schedule.
    """

    allowed_hosts: tuple[str, ...] = ()
    contact: str | None = None
    jobs_at_once: int = 2
    pages_at_once: int = 4
    workers: int = 1
    memory_mb: int = 1024
    pause_s: float = 2.0
    slice_s: float = 10.0
    poll_s: float = 2.0

    @property
    def fetching(self) -> FetchRules:
        """The rules of the fetcher.

        Raises:
            ValueError: An allowed host is neither a host nor host:port.
        """
        return FetchRules(
            contact=self.contact or "",
            allowed_hosts=tuple(map(AllowedHost.parse, self.allowed_hosts)),
            pause_s=self.pause_s,
        )

    @property
    def reading(self) -> WorkerRules:
        """The rules of the processes that read."""
        return WorkerRules(processes=self.workers, memory_bytes=self.memory_mb * 1024 * 1024)
