"""Runs that were tracked elsewhere, brought in: a file or folder per source, and one importer."""
