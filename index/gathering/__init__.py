"""Articles from anywhere: links, files, feeds, sitemaps, kept fresh; what takes long is done by jobs."""
