"""What delivery needs from the outside."""
