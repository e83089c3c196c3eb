"""What we depend on is declared, bounded, used, under licences that fit ours; and no secret lies among the files."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
OURS = {"bot", "index"}

NOT_IMPORTED = {
    "asyncpg": "SQLAlchemy's driver, by its name in an address",
    "lxml-html-clean": "trafilatura imports it",
}

PERMISSIVE = re.compile(
    r"MIT|BSD|Apache|PSF|Python Software Foundation|ISC|MPL|Mozilla Public|Zlib|0BSD|CC0|CNRI|Unlicense", re.IGNORECASE
)
COPYLEFT = re.compile(r"(?<!L)GPL|AGPL|SSPL|Commons Clause", re.IGNORECASE)
CHOSEN = {"tld": "MPL-1.1"}
"""Where several licences are offered, and one of them is not for us."""

SECRETS = {
    "a bot's token": r"\b[MNO][A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "a key of a cloud": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of a code host": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,}|glpat-[\w-]{20,})",
    "a token of a registry": r"\b(?:npm_[A-Za-z0-9]{36}|pypi-AgE[\w-]{50,})",
    "a webhook's address": r"discord(?:app)?\.com/api/webhooks/\d{17,}/[\w-]{60,}",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> dict[str, Requirement]:
    project = PYPROJECT["project"]
    listed = [*project["dependencies"], *(one for some in project["optional-dependencies"].values() for one in some)]
    return {normal(one.name): one for one in map(Requirement, listed)}


def imported() -> set[str]:
    """The top-level modules that our code imports, without Python's own and ours."""
    found = set()
    for package in OURS:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {one.name.split(".")[0] for one in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - OURS


def installed() -> Iterator[metadata.Distribution]:
    """What is installed with the program: its dependencies, theirs, and so on."""
    waiting, seen = [(one.name, one.extras) for one in declared().values() if normal(one.name) != "asyncpg"], set()
    while waiting:
        name, extras = waiting.pop()
        if normal(name) in seen:
            continue
        seen.add(normal(name))
        found = metadata.distribution(name)
        yield found
        waiting += [
            (one.name, one.extras)
            for one in map(Requirement, found.requires or [])
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        ]


def licence(distribution: metadata.Distribution) -> str:
    told = distribution.metadata
    classifiers = [one for one in told.get_all("Classifier") or [] if one.startswith("License ::")]
    named = told.get_all("License-Expression") or classifiers or told.get_all("License") or []
    return CHOSEN.get(normal(told["Name"])) or "; ".join(named)


def test_every_dependency_has_a_lower_bound_and_no_address() -> None:
    for name, requirement in declared().items():
        operators = {one.operator for one in requirement.specifier}
        assert operators & {">=", "==", "~="}, name
        assert requirement.url is None, name


def test_every_import_is_declared_and_every_dependency_is_imported() -> None:
    distributions = metadata.packages_distributions()
    used = {normal(name) for module in imported() for name in distributions.get(module, [module])[:1]}

    assert used - declared().keys() == set(), "imported and not declared"
    assert declared().keys() - used - NOT_IMPORTED.keys() == set(), "declared and not imported"


def test_what_is_installed_fits_together() -> None:
    checked = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)

    assert checked.returncode == 0, checked.stdout


def test_all_that_is_installed_is_under_a_licence_that_fits_ours() -> None:
    licences = {one.metadata["Name"]: licence(one) for one in installed()}

    assert {name: told for name, told in licences.items() if not PERMISSIVE.search(told) or COPYLEFT.search(told)} == {}


@pytest.mark.parametrize("what", SECRETS)
def test_a_secret_would_be_found(what: str) -> None:
    example = {
        "a bot's token": "M" + "T" * 25 + "." + "G" * 6 + "." + "x" * 27,
        "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
        "a key of a cloud": "AKIA" + "A1" * 8,
        "a token of a code host": "ghp_" + "a1" * 18,
        "a token of a registry": "npm_" + "a1" * 18,
        "a webhook's address": "https://discord.com/api/webhooks/" + "1" * 18 + "/" + "a" * 68,
    }[what]

    assert re.search(SECRETS[what], example)


def test_no_file_holds_a_secret() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    names = listed.stdout.split("\0")[:-1] if listed.returncode == 0 else []
    paths = [ROOT / one for one in names] or [one for one in ROOT.rglob("*.*") if ".venv" not in one.parts]
    shapes = [re.compile(one.encode()) for one in SECRETS.values()]

    found = [
        str(path.relative_to(ROOT))
        for path in paths
        if path.is_file() and any(one.search(path.read_bytes()) for one in shapes)
    ]

    assert found == []
    assert ".env" not in names
