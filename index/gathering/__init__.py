"""Articles from anywhere: links, files and feeds, in jobs that survive the process, and pages looked at again."""
