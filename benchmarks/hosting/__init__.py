"""What it takes to host the bot: memory, and time from start to the first answer."""
