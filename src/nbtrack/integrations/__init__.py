"""nbtrack beside other tools: their clients on our store, their stores read in and written out."""
