"""The files of a run on the page: as a tree, and what is in the one that is open."""
