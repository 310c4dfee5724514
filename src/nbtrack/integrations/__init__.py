"""nbtrack beside other tools: their clients on our store, their stores in and out, their calls."""
