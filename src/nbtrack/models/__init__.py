"""Models as bundles: a folder that says what it needs, what it takes, and how to load it.

``bundle`` knows the folder (MLflow's layout), ``flavors`` one library each,
``signature`` what goes in and comes out, ``saving`` and ``loading`` the two ways,
``pyfunc`` a model as a function, ``trust`` what may run. Versions and stages are
the registry's, one room up.
"""
