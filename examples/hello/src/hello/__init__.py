"""Greets, in colour."""
