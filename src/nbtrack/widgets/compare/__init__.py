"""Side by side: runs in columns, what differs first."""
