"""A small web service that leans on everything an environment must get right."""
