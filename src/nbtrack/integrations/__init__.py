"""nbtrack beside other tools: their clients on our store, their stores in and out, their calls.

A folder or a file for each: what it is called here is what it is called there.
"""
