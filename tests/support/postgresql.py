"""A PostgreSQL of one's own on the loopback, when its programs are installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from tests.support.ports import free_port

_PLACES = "/usr/lib/postgresql/*/bin"
"""Where Debian keeps what it does not put on the path."""


def programs() -> Path | None:
    """The folder of PostgreSQL's programs; None when it is not installed."""
    for folder in sorted(Path("/").glob(_PLACES.lstrip("/")), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


def surroundings(address: str) -> dict[str, str]:
    """What PostgreSQL's own programs need in their environment to find a database and each other."""
    where, url = programs(), make_url(address)
    assert where is not None
    return {
        "PATH": f"{where}:{os.environ['PATH']}",
        "PGHOST": str(url.host),
        "PGPORT": str(url.port),
        "PGUSER": "footnote",
    }


@contextmanager
def server() -> Iterator[str]:
    """An empty database for as long as the block lasts.

    Its files are not in pytest's folders: those are closed to all but root, which the server refuses to be.

    Yields:
        The database's address for SQLAlchemy.
    """
    where = programs()
    assert where is not None
    # It refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    port = free_port()

    def run(program: str, *arguments: str) -> None:
        subprocess.run([where / program, *arguments], user=user, cwd="/", check=True, stdout=subprocess.DEVNULL)

    with TemporaryDirectory(prefix="footnote-postgresql-") as name:
        if user is not None:
            shutil.chown(name, user)
        data = f"{name}/data"
        run("initdb", "--pgdata", data, "--auth", "trust", "--username", "footnote", "--no-sync")
        options = f"-p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "--pgdata", data, "--options", options, "--log", f"{name}/log", "--wait", "start")
        try:
            run("createdb", "--host", "127.0.0.1", "--port", str(port), "--username", "footnote", "footnote")
            yield f"postgresql+asyncpg://footnote@127.0.0.1:{port}/footnote"
        finally:
            run("pg_ctl", "--pgdata", data, "--mode", "immediate", "--wait", "stop")
