"""Settings from the environment, and the file that explains them."""

import textwrap
from pathlib import Path

import pytest

from bot.opening import index_folder
from bot.settings import Settings, SettingsError, load_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _empty_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def documented() -> str:
    parts = []
    for name, field in Settings.model_fields.items():
        assert field.description is not None
        lines = textwrap.wrap(field.description, 118, break_long_words=False, break_on_hyphens=False)
        default = "" if field.default is None else field.default
        default = str(default).lower() if isinstance(default, bool) else default
        parts.append("\n".join([*(f"# {line}" for line in lines), f"{name.upper()}={default}"]))
    head = "# Copy this file to .env and change what you need. An empty value is the same as none.\n\n"
    return head + "\n\n".join(parts) + "\n"


def test_the_example_file_holds_every_setting_with_its_default_and_meaning() -> None:
    assert (ROOT / ".env.example").read_text("utf-8") == documented()


def test_the_example_file_changes_nothing(tmp_path: Path) -> None:
    before = load_settings()

    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text("utf-8"), "utf-8")

    assert load_settings() == before


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=sqlite:///file.db\nLOG_LEVEL=ERROR\nOTHER=1\n", "utf-8")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///environment.db")

    settings = load_settings()

    assert settings.database_url == "sqlite:///environment.db"
    assert settings.log_level == "ERROR"


def test_a_given_store_wins_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///environment.db")

    assert load_settings("sqlite:///given.db").database_url == "sqlite:///given.db"


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDEX_FOLDER", "")
    monkeypatch.setenv("DATABASE_URL", "")

    assert load_settings() == Settings()


def test_a_wrong_value_is_told_with_its_variable_and_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "s3cret")

    with pytest.raises(SettingsError, match=r"^LOG_LEVEL: .*'DEBUG'.*'CRITICAL'$") as told:
        load_settings()

    assert "s3cret" not in str(told.value)


def test_hosts_that_may_be_fetched_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FETCH_ALLOWED_HOSTS", "wiki.intranet, 10.1.2.3:8080,[fd00::1]:81,")

    assert load_settings().allowed_hosts == ("wiki.intranet", "10.1.2.3:8080", "[fd00::1]:81")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FETCH_ALLOWED_HOSTS", "wiki.intranet, https://wiki.intranet/"),
        ("FETCH_ALLOWED_HOSTS", "10.1.2.3:99999"),
        ("FETCH_CONTACT", "operator@example.org\r\nX-Evil: 1"),
        ("FETCH_CONTACT", "https://example.org/(bot)"),
        ("JOBS_AT_ONCE", "0"),
        ("READERS_AT_ONCE", "99"),
        ("READER_MEMORY_MB", "1"),
    ],
)
def test_what_cannot_be_used_for_fetching_is_told_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError, match=f"^{variable}: "):
        load_settings()


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"LOG_LEVEL=\xff\xfe")

    with pytest.raises(SettingsError, match=r"^\.env: "):
        load_settings()


@pytest.mark.parametrize(
    ("address", "folder", "expected"),
    [
        ("sqlite+aiosqlite:///footnote.db", None, Path("footnote.db.index")),
        ("sqlite:////data/library.db", None, Path("/data/library.db.index")),
        ("sqlite:///file:library.db?uri=true", None, None),
        ("postgresql+asyncpg://localhost/footnote", None, None),
        ("postgresql+asyncpg://localhost/footnote", Path("/index"), Path("/index")),
        ("sqlite:///footnote.db", Path("/index"), Path("/index")),
    ],
)
def test_the_index_is_beside_a_file_unless_a_folder_is_set(
    address: str, folder: Path | None, expected: Path | None
) -> None:
    assert index_folder(Settings(database_url=address, index_folder=folder)) == expected
