"""Icons, examples and translations, read with importlib.resources."""
