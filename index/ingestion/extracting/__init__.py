"""From the bytes of a page or file to its articles. Everything here runs on bytes of strangers: see `worker.py`."""
