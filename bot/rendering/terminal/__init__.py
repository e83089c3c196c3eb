"""What the commands print, for a terminal or a pipe. Nothing here prints.

Texts of articles are not trusted: what steers a terminal is taken out, and Rich's markup is never read, as all of it
goes into `Text`, which does not parse.
"""

from bot.rendering.terminal.answers import answer_parts
from bot.rendering.terminal.articles import addition_parts, article_list, article_parts
from bot.rendering.terminal.checks import checked_table, finding_parts, repaired_lines
from bot.rendering.terminal.figures import result_tables
from bot.rendering.terminal.gathering import feed_list, feed_parts, job_list, job_parts, nothing_to_check
from bot.rendering.terminal.parts import counted

__all__ = [
    "addition_parts",
    "answer_parts",
    "article_list",
    "article_parts",
    "checked_table",
    "counted",
    "feed_list",
    "feed_parts",
    "finding_parts",
    "job_list",
    "job_parts",
    "nothing_to_check",
    "repaired_lines",
    "result_tables",
]
