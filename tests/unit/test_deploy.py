"""The files of `deploy/` can be read, and say the same as each other and as the project.

That the image builds and works is shown by `deploy/prove.sh`, which needs root.
"""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import Settings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
SERVICE: dict[str, Any] = COMPOSE["services"]["footnote"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CATALOGUES = sorted(one.stem for one in (ROOT / "bot" / "rendering" / "catalogues").glob("*.po"))


def instructions(name: str) -> list[str]:
    """What stands behind an instruction of the Dockerfile, with continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^#.*\n", "", DOCKERFILE))
    return re.findall(rf"(?m)^{name} (.*)$", joined)


def unit() -> dict[str, list[str]]:
    """The keys of the systemd unit; some stand more than once."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"(?m)^(\w+)=(.*)$", (ROOT / "deploy" / "footnote.service").read_text("utf-8")):
        found.setdefault(key, []).append(value)
    return found


def test_the_image_is_built_with_a_python_that_the_project_supports() -> None:
    versions = set(re.findall(r"python(3\.\d+)", DOCKERFILE))

    assert versions == {"3.13"}
    assert "Programming Language :: Python :: 3.13" in PROJECT["classifiers"]
    # Debian 13 has Python 3.13, in both stages.
    assert instructions("FROM") == ["debian:trixie-slim AS build", "gcr.io/distroless/python3-debian13:nonroot"]


def test_the_image_runs_the_projects_command_without_root_and_without_a_shell() -> None:
    assert "footnote" in PROJECT["scripts"]
    assert instructions("ENTRYPOINT") == ['["/opt/footnote/bin/footnote"]']
    assert instructions("CMD") == ['["run"]']
    assert instructions("USER") == ["65532:65532"]
    (check,) = instructions("HEALTHCHECK")
    assert 'CMD ["/opt/footnote/bin/python3", "-c"' in check


def test_the_check_of_health_asks_the_port_that_compose_and_the_image_set() -> None:
    (check,) = instructions("HEALTHCHECK")
    (environment,) = instructions("ENV")

    assert "http://127.0.0.1:{os.environ['HEALTH_PORT']}/livez" in check
    assert "HEALTH_PORT=8080" in environment
    assert SERVICE["environment"]["HEALTH_PORT"] == "8080"
    compile(re.findall(r'"-c", "(.*)"\]', check)[0].replace('\\"', '"'), "check", "exec")


def test_the_words_of_every_catalogue_stay_in_the_image() -> None:
    kept = set(re.findall(r"-not -name '(\w\w)\*'", DOCKERFILE))

    assert {"en", *(one[:2] for one in CATALOGUES)} <= kept


def test_only_the_program_goes_into_the_image() -> None:
    allowed = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]

    assert (ROOT / ".dockerignore").read_text("utf-8").splitlines()[1] == "*"
    assert allowed == ["!bot", "!index", "!pyproject.toml", "!README.md", "!LICENSE", "!NOTICE"]
    assert {PROJECT["readme"], *PROJECT["license-files"]} <= {one[1:] for one in allowed}


def test_compose_has_one_service_that_can_write_its_volume_only() -> None:
    assert list(COMPOSE["services"]) == ["footnote"]
    assert list(COMPOSE["volumes"]) == ["library"]
    assert SERVICE["volumes"] == ["library:/data"]
    assert instructions("VOLUME") == instructions("WORKDIR")[-1:] == ["/data"]
    assert SERVICE["read_only"] is True
    assert [one.split(":")[0] for one in SERVICE["tmpfs"]] == ["/tmp"]
    assert SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert SERVICE["user"] == instructions("USER")[0]
    assert SERVICE["mem_limit"]
    assert "ports" not in SERVICE
    assert "privileged" not in SERVICE


def test_what_compose_builds_and_reads_is_there() -> None:
    deploy = ROOT / "deploy"

    assert (deploy / SERVICE["build"]["context"]).resolve() == ROOT
    assert (ROOT / SERVICE["build"]["dockerfile"]).is_file()
    assert (deploy / SERVICE["env_file"]).resolve() == ROOT / ".env"


def test_the_library_lies_in_the_volume_and_in_the_services_folder() -> None:
    default = Settings.model_fields["database_url"].default

    # A file without a folder: it lies where the process works, which all of them set to what can be written.
    assert re.fullmatch(r"sqlite\+aiosqlite:///\w+\.db", default)
    (environment,) = instructions("ENV")
    assert "DATABASE_URL=sqlite+aiosqlite:////data/footnote.db" in environment
    assert unit()["WorkingDirectory"] == ["/var/lib/footnote"]
    assert unit()["StateDirectory"] == ["footnote"]


def test_the_unit_is_hardened_and_leaves_what_reading_files_needs() -> None:
    found = unit()

    for key, value in {
        "DynamicUser": "yes",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "PrivateDevices": "yes",
        "MemoryDenyWriteExecute": "yes",
        "CapabilityBoundingSet": "",
        "UMask": "0077",
    }.items():
        assert found[key] == [value]
    assert found["ExecStart"] == ["/opt/footnote/bin/footnote run"]
    assert found["Restart"] == ["on-failure"]
    # The process that reads files limits its memory and its time by setrlimit, which stands in @resources.
    assert all("@resources" not in one for one in found["SystemCallFilter"])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit_and_finds_little_that_it_could_do(tmp_path: Path) -> None:
    program, here = unit()["ExecStart"][0].split()[0], tmp_path / "footnote.service"
    # It looks whether the program is there.
    here.write_text((ROOT / "deploy" / "footnote.service").read_text("utf-8").replace(program, "/bin/true"), "utf-8")

    for arguments in (["verify"], ["security", "--offline=yes", "--threshold=20"]):
        told = subprocess.run(["systemd-analyze", *arguments, str(here)], capture_output=True, text=True)
        assert told.returncode == 0, told
        assert "footnote" not in told.stderr


def test_the_proof_is_a_shell_script() -> None:
    checked = subprocess.run(["sh", "-n", str(ROOT / "deploy" / "prove.sh")], capture_output=True, text=True)

    assert (checked.returncode, checked.stderr) == (0, "")
