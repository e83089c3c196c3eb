"""The bot under load and in bad weather for as long as one likes: `make soak`, or `python -m tests.soak --minutes 10`.

The real process runs against the loopback Discord. People ask at a steady rate and in bursts, an admin adds, changes,
removes and brings back articles and rebuilds the index, Discord fails in every way it knows, and the process is killed
and started again. Each article holds a number that no other one ever holds, so that every answer can be judged: by what
Discord has acknowledged to the admin, and when.
"""
