"""`footnote doctor`: looks at everything that a bot needs, and says what is wrong and what to do.

It opens the library as every command does, and writes one row, which shows whether the store takes writes. It migrates
nothing, but makes the bot's tables where there are none, and works beside a bot that runs.
"""

from bot.doctor.examination import examine

__all__ = ["examine"]
