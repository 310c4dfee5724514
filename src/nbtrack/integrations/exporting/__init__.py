"""Runs of a store, written as others read them."""
