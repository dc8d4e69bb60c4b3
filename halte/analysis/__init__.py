"""Analyses on an engineer's machine: what needs a whole lake, or a file of people."""
