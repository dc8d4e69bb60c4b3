"""What delivery does, one use case a module."""
