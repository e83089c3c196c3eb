"""Every environment variable: its type, its bounds and its unit. `.env.example` repeats them; a test compares."""

import contextlib
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AnyHttpUrl, AnyUrl, Field, SecretStr, UrlConstraints, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bot.concealment import remember
from index import GatheringRules


class SettingsError(Exception):
    """A setting cannot be used; the operator has to change it. The value is not repeated: it may be a secret."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{variable}: {reason}" for variable, reason in problems))
        self.problems = problems


HttpAddress = Annotated[AnyHttpUrl, UrlConstraints(max_length=2_048)]
SocketAddress = Annotated[AnyUrl, UrlConstraints(max_length=2_048, allowed_schemes=["ws", "wss"])]

LONGEST_CONTACT = 200

_TYPED_PASSWORD = re.compile(r"://[^:/]*:(.+)@")


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
        repr=False,
        description="Where the articles are: sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME "
        "(1 to 2048 characters).",
    )
    index_folder: Path | None = Field(
        default=None,
        description="Folder of the saved index. Not set: FILE.index beside a SQLite file; with another database the "
        "index is built in memory at each start.",
    )
    discord_token: SecretStr | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="The bot's token, from https://discord.com/developers/applications (1 to 200 characters). Only "
        "`footnote run` needs it. Keep it secret.",
    )
    message_content: bool = Field(
        default=False,
        description="Whether channels may be set in which every question is answered without a mention. It needs the "
        "Message Content Intent, which you switch on at https://discord.com/developers/applications: true or false.",
    )
    questions_per_minute: int = Field(
        default=10,
        ge=0,
        le=10_000,
        description="Most questions of one person in a minute (0 to 10000); 0 for no limit.",
    )
    server_questions_per_minute: int = Field(
        default=120,
        ge=0,
        le=100_000,
        description="Most questions of one Discord server in a minute (0 to 100000); 0 for no limit.",
    )
    answer_days: int = Field(
        default=30,
        ge=1,
        le=3_650,
        description="Days for which an answer's buttons work and its question is kept (1 to 3650); then both are "
        "deleted.",
    )
    fetch_allowed_hosts: str = Field(
        default="",
        max_length=10_000,
        description="Hosts that may be fetched although they are not on the public internet, with commas between them: "
        "wiki.intranet, 10.1.2.3:8080. Everybody who may add links can read them through the bot.",
    )
    fetch_contact: str = Field(
        default="",
        max_length=LONGEST_CONTACT,
        description="A web or mail address of yours that is told to every website that is fetched, so that its owner "
        "can reach you (at most 200 characters); none if it is not set.",
    )
    jobs_at_once: int = Field(
        default=2,
        ge=1,
        le=16,
        description="Jobs that gather articles at the same time (1 to 16); the others wait.",
    )
    readers_at_once: int = Field(
        default=1,
        ge=1,
        le=16,
        description="Processes that read fetched pages and uploaded files at the same time (1 to 16).",
    )
    reader_memory_mb: int = Field(
        default=1_024,
        ge=128,
        le=65_536,
        description="Megabytes that each of them may take, beyond the 60 that Python takes (128 to 65536).",
    )
    discord_shards: int | None = Field(
        default=None,
        ge=1,
        le=1_000,
        description="How many connections to Discord this process holds (1 to 1000). Not set: as many as Discord "
        "recommends, one for most bots.",
    )
    discord_api_base: HttpAddress = Field(
        default=AnyHttpUrl("https://discord.com/api/v10"),
        repr=False,
        description="Discord's REST address, for a proxy: http or https.",
    )
    discord_gateway_url: SocketAddress | None = Field(
        default=None,
        repr=False,
        description="Discord's gateway address, for a proxy: ws or wss. Not set: the one that Discord names.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        default="INFO",
        description="The least that is logged, to standard error: DEBUG, INFO, WARNING, ERROR or CRITICAL. DEBUG "
        "repeats what Discord sends, with names and what people write.",
    )
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto",
        description="How it is logged: text, one line for an event; json, one JSON object a line; or auto, which is "
        "json for `footnote run` where standard error is no terminal, and text everywhere else.",
    )
    log_questions: bool = Field(
        default=False,
        description="Whether the log repeats what was asked: true or false. It never says who asked.",
    )
    health_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        max_length=255,
        description="The address at which `footnote run` answers /livez, /readyz and /metrics (1 to 255 characters). "
        "They ask for no password: choose one that only your supervisor and your monitoring reach.",
    )
    health_port: int = Field(
        default=8_080, ge=0, le=65_535, description="The port of that address (0 to 65535); 0 for none of it."
    )
    gateway_dead_s: int = Field(
        default=300,
        ge=5,
        le=86_400,
        description="Seconds for which a connection to Discord that was there may be dead (5 to 86400); then "
        "`footnote run` ends with exit code 3, so that whatever supervises it starts it anew.",
    )
    loop_stuck_s: int = Field(
        default=60,
        ge=5,
        le=3_600,
        description="Seconds for which `footnote run` may be stuck, doing one thing and nothing else (5 to 3600); then "
        "it logs where it is stuck and ends with exit code 3.",
    )

    @field_validator("fetch_allowed_hosts")
    @classmethod
    def _has_hosts(cls, value: str) -> str:
        # Reading them is what checks them.
        _ = GatheringRules(allowed_hosts=_parted(value)).fetching
        return value

    @field_validator("fetch_contact")
    @classmethod
    def _fits_into_a_header(cls, value: str) -> str:
        if not fits_into_a_header(value):
            raise ValueError("it may hold letters without accents, digits and signs, and no brackets")
        return value

    @property
    def token(self) -> str:
        """The value of DISCORD_TOKEN without white space around it; "" for none."""
        return "" if self.discord_token is None else self.discord_token.get_secret_value().strip()

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """The hosts of FETCH_ALLOWED_HOSTS, one by one."""
        return _parted(self.fetch_allowed_hosts)


def fits_into_a_header(contact: str) -> bool:
    """Whether an address can be told to websites: a line of ASCII, without the brackets that it is put into."""
    return contact.isascii() and (contact.isprintable() or not contact) and not set("()") & set(contact)


def _parted(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (one.strip() for one in text.split(","))))


def load_settings(store: str | None = None) -> Settings:
    """Read the settings; their secrets are hidden from then on in what is written.

    Args:
        store: An address that takes the place of DATABASE_URL; None for none.

    Raises:
        SettingsError: A variable has a value that is not allowed, or `.env` cannot be read.
    """
    try:
        settings = Settings() if store is None else Settings(database_url=store)
    except ValidationError as error:
        problems = [(".".join(map(str, one["loc"])).upper(), one["msg"]) for one in error.errors()]
        raise SettingsError(problems) from error
    except UnicodeDecodeError as error:
        # Not as its cause: its repr has the whole file.
        raise SettingsError([(".env", f"it cannot be read: {error}")]) from None
    except OSError as error:
        raise SettingsError([(".env", f"it cannot be read: {error}")]) from error
    remember(*_secrets_of(settings))
    return settings


def _secrets_of(settings: Settings) -> list[str]:
    secrets = [settings.token]
    # As it was typed, with all that an @ in a password would make of it; and as it is sent.
    secrets += _TYPED_PASSWORD.findall(settings.database_url)
    with contextlib.suppress(ArgumentError, ValueError):
        address = make_url(settings.database_url)
        secrets += [str(address.password or ""), *address.normalized_query.get("password", ())]
    # A proxy may want a password.
    return secrets + [one.password or "" for one in (settings.discord_api_base, settings.discord_gateway_url) if one]
