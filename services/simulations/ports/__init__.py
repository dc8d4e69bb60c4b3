"""What the use cases need from outside; `adapters` has it."""
