"""Packages that a signer may make and nobody should unpack, and odd ones that everybody should."""
