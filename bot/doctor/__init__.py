"""`footnote doctor`: looks at everything that a bot needs, and says what is wrong and what to do.

It writes one row, which shows whether the store takes writes (and makes the bot's tables where there are none), changes
nothing else, and works beside a bot that runs.
"""

from bot.doctor.examination import examine

__all__ = ["examine"]
