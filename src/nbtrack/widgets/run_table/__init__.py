"""The run table: runs as rows, with their parameters, metrics and curves, live."""
