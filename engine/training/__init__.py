"""Trainers: one contract, several backends."""
