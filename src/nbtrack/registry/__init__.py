"""Registered models: their versions, stages and aliases, who decided what, and on which evidence.

``registry`` is what a user holds, ``reading`` what it answers, now or as of a time.
``turn`` is one change at a time, ``moves`` the rules of a change of stage, ``gates`` what a
promotion needs, ``evidence`` what that is judged by. ``uris`` knows ``models:/…``, and
``fluent`` the functions without an object. DESIGN.md has the reasons.
"""
