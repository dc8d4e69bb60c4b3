"""Files of rows: tried, worked through, taken back."""
