"""The single customer view: showing, finding, exporting and forgetting a person. Use cases over `ports`."""
