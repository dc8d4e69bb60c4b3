"""Where answers are kept, by AWS."""
