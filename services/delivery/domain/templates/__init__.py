"""Templates: their documents, the limits of their language, and what they say to one person."""
