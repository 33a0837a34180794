"""What the user has made: one immutable document."""
