"""Packages changed at random, where it hurts: fields, values, records, streams, and plain bytes."""
