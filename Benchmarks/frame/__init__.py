"""What all rows of the benchmark stand on."""
