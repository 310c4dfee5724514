"""What others speak: their stores in and out, their clients on ours."""
