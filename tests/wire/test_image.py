"""The container's image, unpacked: `deploy/prove.sh` builds it, and says where it is in FOOTNOTE_ROOTFS.

As in a container: the root cannot be written, /tmp is empty, /data is a volume, and the user is not root.
"""

import asyncio
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.discord import Discord
from tests.wire.conftest import ARTICLES, QUESTION, QUOTE, Place

ROOTFS = os.environ.get("FOOTNOTE_ROOTFS", "")
USER = 65_532

pytestmark = pytest.mark.skipif(not ROOTFS, reason="deploy/prove.sh runs it, as root on Linux")

_CONTAINED = """
set -eu
mount --bind "$ROOTFS" "$ROOTFS"
mount -o remount,ro,bind "$ROOTFS"
mount -t tmpfs -o nosuid,nodev,noexec none "$ROOTFS/tmp"
mount --bind "$DATA" "$ROOTFS/data"
mount -t proc none "$ROOTFS/proc"
mount -t tmpfs none "$ROOTFS/dev"
for one in null urandom; do : > "$ROOTFS/dev/$one"; mount --bind "/dev/$one" "$ROOTFS/dev/$one"; done
cd /
exec setpriv --no-new-privs chroot --userspec=65532:65532 "$ROOTFS" /opt/footnote/bin/python3 -I -c \
'import os, sys; os.chdir("/data"); os.execv("/opt/footnote/bin/footnote", ["footnote", *sys.argv[1:]])' "$@"
"""


async def contained(data: Path, discord: Discord, *arguments: str) -> asyncio.subprocess.Process:
    """A command of the image."""
    environment = {
        "PATH": os.environ["PATH"],
        "ROOTFS": ROOTFS,
        "DATA": str(data),
        "DATABASE_URL": "sqlite+aiosqlite:////data/footnote.db",
        "PYTHONDONTWRITEBYTECODE": "1",
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_BASE": discord.api_base,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
    }
    return await asyncio.create_subprocess_exec(
        "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _CONTAINED, "sh", *arguments,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """What is mounted at /data; the whole way to it is open, because pytest's own folders are not."""
    folder = tmp_path / "data"
    shutil.copytree(ARTICLES, folder / "articles")
    os.chown(folder, USER, USER)
    return folder


async def test_the_image_adds_asks_and_rebuilds_without_being_able_to_write_elsewhere(data: Path, place: Place) -> None:
    for arguments, told in (
        (["add", "/data/articles"], "added"),
        (["ask", QUESTION], QUOTE),
        (["reindex"], "indexed"),
        (["add", "--store", "sqlite+aiosqlite:////opt/x.db", "/data/articles"], "cannot be used"),
    ):
        process = await contained(data, place.discord, *arguments)
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert told in out.decode(), out.decode()

    assert (data / "footnote.db").stat().st_uid == USER


async def test_the_image_answers_in_discord_and_stops_in_order(data: Path, place: Place) -> None:
    process = await contained(data, place.discord, "add", "/data/articles")
    await process.wait()
    process = await contained(data, place.discord, "run")
    try:
        await place.discord.connected()
        await place.discord.until(lambda: place.discord.commands.puts > 0, "commands", 20)
        asked = await place.alice.slash(place.general, "ask", question=QUESTION)
        (bot,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        status = Path(f"/proc/{bot}/status").read_text()
        os.kill(int(bot), 15)
        out, _ = await asyncio.wait_for(process.communicate(), 30)
    finally:
        with suppress(ProcessLookupError):
            process.kill()

    assert QUOTE in asked.text
    assert f"Uid:\t{USER}\t{USER}\t{USER}\t{USER}" in status
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert "stopping" in out.decode()
