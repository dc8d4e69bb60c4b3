"""What comes in: who may send, what is acceptable, and the registry of sources."""
