"""Networks and weights of other programs: what a foreign file says is checked before anything is made of it."""
