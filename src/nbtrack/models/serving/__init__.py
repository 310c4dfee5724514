"""A model behind HTTP, in MLflow's scoring protocol.

``protocol`` reads requests and writes answers, and knows no server; ``app`` is one.
"""
