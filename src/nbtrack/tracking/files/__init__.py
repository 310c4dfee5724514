"""The files of a run: kept, listed, fetched and read back; what they take, and what can go.

``paths`` says what a file may be called, ``writing`` and ``reading`` what a run does with
files, ``pictures``, ``tables`` and ``sounds`` how an object becomes one, ``places`` where a
store has them, ``garbage`` and ``usage`` look after the disk, ``fluent`` are the functions
without a run.
"""
