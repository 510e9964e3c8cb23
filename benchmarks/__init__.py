"""The performance table; ``python -m benchmarks`` (or ``make bench``) prints it."""
