"""The budgets of the program, each measured in one run: `python -m benchmarks [ROW …]`."""
