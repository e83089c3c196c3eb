"""A PostgreSQL of one's own on the loopback, when its programs are installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.discord.listener import free_port

_PLACES = "/usr/lib/postgresql/*/bin"
"""Where Debian keeps what it does not put on the path."""


def programs() -> Path | None:
    """The folder of PostgreSQL's programs; None when it is not installed."""
    for folder in sorted(Path("/").glob(_PLACES.lstrip("/")), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """An empty database for as long as the block lasts.

    Args:
        folder: Empty, for its files.

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

    if user is not None:
        shutil.chown(folder, user)
        for above in folder.parents[:3]:
            above.chmod(above.stat().st_mode | 0o011)
    data = folder / "data"
    run("initdb", "--pgdata", str(data), "--auth", "trust", "--username", "footnote", "--no-sync")
    options = f"-p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off"
    run("pg_ctl", "--pgdata", str(data), "--options", options, "--log", str(folder / "log"), "--wait", "start")
    try:
        run("createdb", "--host", "127.0.0.1", "--port", str(port), "--username", "footnote", "footnote")
        yield f"postgresql+asyncpg://footnote@127.0.0.1:{port}/footnote"
    finally:
        run("pg_ctl", "--pgdata", str(data), "--mode", "immediate", "--wait", "stop")
