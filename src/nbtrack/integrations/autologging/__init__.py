"""Autologging: what machine learning libraries train is told to the run, without a line for it.

``switch`` says when it is on, ``patches`` puts itself around the libraries' functions and
takes itself out again, ``training`` is one call of them, ``record`` writes what it tells.
``libraries`` lists the libraries, each of which has a file in the folder above.
"""
