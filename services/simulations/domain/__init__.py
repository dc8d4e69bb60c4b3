"""What a journey would do: its own rules, scoring's and delivery's, on one clock; pure."""
