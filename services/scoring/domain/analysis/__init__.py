"""What the numbers say: pure analyses of what people did, for marketers to choose by. The standard library only."""
