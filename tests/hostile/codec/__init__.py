"""PSPF/2025 read and written without any code of `flavor`: from docs/format.md alone."""
