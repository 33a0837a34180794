"""The forms of export: one class a form."""
