"""Altair without what its import builds for nothing."""

import subprocess
import sys

LOOKS = """
import sys
from nbtrack.charts.altair_import import import_altair

import_altair()
assert "altair" in sys.modules
assert "rfc3987_syntax" not in sys.modules and "lark" not in sys.modules
import jsonschema

check = jsonschema.Draft202012Validator(
    {"format": "iri"}, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
assert check.is_valid("https://example.org/ä")
assert not check.is_valid("no address")
from rfc3987_syntax import is_valid_syntax_iri
"""


def test_a_parser_of_addresses_is_built_when_one_is_checked():
    subprocess.run([sys.executable, "-W", "error", "-c", LOOKS], check=True, timeout=120)
