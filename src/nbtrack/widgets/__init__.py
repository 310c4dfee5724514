"""What nbtrack shows in a notebook: one module per widget, mirrored in ``js/src``.

Python holds the rows and answers questions; the browser holds hover, scroll and
selection. Every object shows as live widget, as html that needs no kernel, and
as text.
"""
