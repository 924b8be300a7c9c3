"""The code that all rows of the benchmark share."""
