"""Metric curves: each run a line along its steps or its time, one small picture per metric."""
