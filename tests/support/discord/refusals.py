"""What Discord answers when it does not do what was asked."""

from typing import Any

Payload = dict[str, Any]
"""JSON as it goes over the wire. It is the one type here without a shape: bots may send anything."""


class RefusedError(Exception):
    """The request is refused with an HTTP status and one of Discord's JSON error codes.

    Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
    """

    def __init__(self, status: int, code: int, message: str, errors: Payload | None = None) -> None:
        super().__init__(f"{status} {code}: {message} {errors or ''}".rstrip())
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> Payload:
        """The body of the response."""
        shown: Payload = {"message": self.message, "code": self.code}
        if self.errors:
            shown["errors"] = self.errors
        return shown


def unauthorized() -> RefusedError:
    """The token is not the bot's."""
    return RefusedError(401, 0, "401: Unauthorized")


def unknown(what: str) -> RefusedError:
    """There is no such thing, or not for this bot."""
    codes = {
        "Channel": 10003,
        "Guild": 10004,
        "Member": 10007,
        "Message": 10008,
        "User": 10013,
        "Webhook": 10015,
        "interaction": 10062,
        "application command": 10063,
    }
    return RefusedError(404, codes[what], f"Unknown {what}")


def missing_access() -> RefusedError:
    """The bot cannot see the channel."""
    return RefusedError(403, 50001, "Missing Access")


def missing_permissions() -> RefusedError:
    """The bot sees the channel, and may not do this in it."""
    return RefusedError(403, 50013, "Missing Permissions")


def invalid(where: str, why: str) -> RefusedError:
    """A field has a value that Discord does not take.

    Args:
        where: The field, as in `data.components.0.label`.
        why: What is wrong with it.
    """
    errors: Payload = {"_errors": [{"code": "INVALID", "message": why}]}
    for name in reversed(where.split(".")):
        errors = {name: errors}
    return RefusedError(400, 50035, "Invalid Form Body", errors)
