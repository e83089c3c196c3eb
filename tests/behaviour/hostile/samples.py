"""What several kinds of hostile input are made of."""

from tests.support.documents import page

TEXT = "The new bridge over the Elbe opened to traffic in May 2019, after nine years of work and two floods."
PAGE = page([f"{n}. {TEXT}" for n in range(8)]).encode()
BOMB = b"<p>" + b"a" * 50_000_000

ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 20}">' for n in range(9))
    + "]>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
