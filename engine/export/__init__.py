"""Taking trained weights away."""
