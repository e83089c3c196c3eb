"""The command line: reads arguments, calls the library, prints what `bot/rendering` makes of it.

Exit codes: 0 answered or uncertain (or simply done), 1 refused, or the doctor or a check found something that does not
work, 2 an error with one line on standard error, 3 ended by the watchdog, 130 interrupted.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from io import TextIOWrapper

import typer

from bot.cli.endings import DONE, FAILED, INTERRUPTED, failed
from bot.cli.options import Store
from bot.settings import SettingsError
from index import CancelledBuildError, LibraryError

log = logging.getLogger(__name__)

_COMMANDS = {
    "ask": ("asking", "ask"),
    "add": ("articles", "add"),
    "list": ("articles", "list_"),
    "show": ("articles", "show"),
    "remove": ("articles", "remove"),
    "init": ("setting_up", "init"),
    "run": ("serving", "run"),
    "doctor": ("running", "doctor"),
    "reindex": ("running", "reindex"),
    "eval": ("asking", "eval_"),
    "export": ("articles", "export"),
    "import": ("articles", "import_"),
    "refresh": ("gathering", "refresh"),
    "backup": ("keeping", "backup_"),
    "restore": ("keeping", "restore_"),
    "check": ("keeping", "check_"),
}
"""Where each command is. Modules are loaded by name, because the bot keeps what it has loaded for as long as it runs:
tables and progress bars for a terminal would cost it memory, and time at its start."""

_GROUPS = {"feeds": ("gathering", "feeds"), "jobs": ("gathering", "jobs")}


def _command_line(first: str | None) -> typer.Typer:
    """The one command that the first argument names; all commands if it names none, as in `footnote --help`."""
    app = typer.Typer(
        name="footnote",
        help="Answers questions word for word from a library of articles, with the source.",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    # With it a single command is a command all the same, and is named.
    app.callback()(_commands)
    is_one = first in _COMMANDS or first in _GROUPS
    for name, (module, function) in _COMMANDS.items():
        if name == first or not is_one:
            app.command(name=name)(getattr(import_module(f"bot.cli.{module}"), function))
    for name, (module, group) in _GROUPS.items():
        if name == first or not is_one:
            app.add_typer(getattr(import_module(f"bot.cli.{module}"), group), name=name)
    return app


def _commands(context: typer.Context, store: Store = None) -> None:
    """Answers questions word for word from a library of articles, with the source."""
    if store is None:
        return
    if context.invoked_subcommand == "init":
        raise typer.BadParameter("`init` has --database in place of --store")
    context.default_map = _defaults(context.command, store)


def _defaults(command: object, store: str) -> dict[str, object]:
    """A store that was named before the command, as the default of each command and of each of a group's."""
    held: Mapping[str, object] = getattr(command, "commands", {})
    return {"store": store} | {name: _defaults(one, store) for name, one in held.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: What stands after the program's name; None takes the process's own.

    Returns:
        The exit code.
    """
    # A terminal that cannot show a letter shows a question mark instead of ending with an error.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        given = sys.argv[1:] if arguments is None else arguments
        app = _command_line(given[0] if given else None)
        code = app(args=arguments, prog_name="footnote", standalone_mode=False)
    except typer.TyperException as error:
        said = error.format_message().rstrip(".")
        # A group that was named without a command has printed its help, and says nothing.
        return failed(f"{said}; `footnote --help` tells what can be typed") if said else FAILED
    except typer.Abort:
        # Ctrl-C or the end of the input at a question.
        return failed("interrupted", INTERRUPTED)
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        return failed(f"{named}{error.strerror or error}")
    except CancelledBuildError as error:
        return failed(str(error), INTERRUPTED)
    except (LibraryError, SettingsError) as error:
        return failed(str(error))
    except Exception as error:
        # What nobody foresaw is a bug; a person at a terminal gets one line of it all the same.
        log.debug("unforeseen", exc_info=error)
        return failed(f"a bug, please report it: {type(error).__name__}: {error} (LOG_LEVEL=DEBUG shows where)")
    if code == INTERRUPTED:
        # No command ends with it: Typer has caught KeyboardInterrupt.
        return failed("interrupted", INTERRUPTED)
    return code if isinstance(code, int) else DONE
