"""The engine: what can be chosen, what was made, what it means, and how it trains. It knows no Qt."""
