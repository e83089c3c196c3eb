"""Moments as Discord writes them, in the reader's language and time zone."""

import math
from datetime import datetime, time, timedelta


def date_of(moment: datetime) -> str:
    """A day.

    Midnight UTC stands for a day without an hour, and is shown as noon: the same day from Alaska to Japan.
    """
    if moment.timetz().replace(tzinfo=None) == time.min:
        moment += timedelta(hours=12)
    return f"<t:{int(moment.timestamp())}:D>"


def day_and_time(moment: datetime) -> str:
    """A day and an hour."""
    return f"<t:{int(moment.timestamp())}:f>"


def from_now(moment: datetime) -> str:
    """How far away a moment is, as "in 5 minutes", which Discord keeps right; never earlier than it is."""
    return f"<t:{math.ceil(moment.timestamp())}:R>"
