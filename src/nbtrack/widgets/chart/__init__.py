"""Charts as live widgets: what `nbtrack.charts` draws, with runs to pick and columns to choose."""
