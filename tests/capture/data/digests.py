"""What the tests of fingerprints ask for again and again."""

from nbtrack.capture.data import fingerprint


def digest(value, **how):
    """The digest of a value that can be read."""
    found = fingerprint(value, **how)
    assert found is not None
    assert len(found.digest) == 32, found.note
    return found.digest
