"""The rules of scoring: pure, the time is an argument."""
