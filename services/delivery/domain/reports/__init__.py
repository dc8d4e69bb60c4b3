"""What reports count, how it is added up and priced, and what is shown of it. Pure."""
