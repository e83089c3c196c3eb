"""Every environment variable: its type, its bounds and its unit. `.env.example` repeats them; a test compares."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A setting cannot be used; the operator has to change it. The value is not repeated: it may be a secret."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{variable}: {reason}" for variable, reason in problems))
        self.problems = problems


class Settings(BaseSettings):
    """What can be set from outside, by environment variable or in a file `.env` in the current folder.

    The environment wins over the file; an empty variable is one that is not set.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: str = Field(
        default="sqlite+aiosqlite:///footnote.db",
        min_length=1,
        max_length=2_048,
        description="Where the articles are: sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME "
        "(1 to 2048 characters).",
    )
    index_folder: Path | None = Field(
        default=None,
        description="Folder of the saved index. Not set: FILE.index beside a SQLite file; with another database the "
        "index is built in memory at each start.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        default="WARNING",
        description="The least that is logged, to standard error: DEBUG, INFO, WARNING, ERROR or CRITICAL.",
    )


def load_settings(store: str | None = None) -> Settings:
    """Read the settings.

    Args:
        store: An address that takes the place of DATABASE_URL; None for none.

    Raises:
        SettingsError: A variable has a value that is not allowed, or `.env` cannot be read.
    """
    try:
        return Settings() if store is None else Settings(database_url=store)
    except ValidationError as error:
        problems = [(".".join(map(str, one["loc"])).upper(), one["msg"]) for one in error.errors()]
        raise SettingsError(problems) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([(".env", f"it cannot be read: {error}")]) from error
