"""A sales report from a table that travels with the program."""
