"""``python -m nbtrack`` is ``nbtrack``."""

from nbtrack.cli import main

main()
