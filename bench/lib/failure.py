"""The one way in which the comparison stops early."""


class Failure(Exception):
    """Something that makes the figures worthless: a contestant that does not start, a client that met an error. The text says what."""
