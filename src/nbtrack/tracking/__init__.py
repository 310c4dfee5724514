"""The life of a run: start, log, end, resume, nest; and the runs of the past.

``active`` knows which run is current, ``run`` one that lives, ``stored`` one that
was recorded, ``past`` how to find them, ``fluent`` the functions without a run.
"""
