"""What Halte costs and how fast it starts: billable units counted on the real handlers, held to budgets."""
