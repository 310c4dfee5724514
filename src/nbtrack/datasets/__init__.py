"""Data that a run is given on purpose: what it is, where it comes from, what is in it.

``dataset`` makes a `Dataset` of anything that capture can read; ``log`` tells a run of it.
The data itself is not kept.
"""
