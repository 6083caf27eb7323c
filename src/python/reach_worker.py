"""Follows unconditional imports and lists the extension modules that they lead to."""

import ast
import json
import os
import sys

task = json.load(sys.stdin)
roots = task["roots"]
seen = set()
extensions = set()
todo = []


def locate(name):
    """The file of a module, and whether it is a package."""
    parts = name.split(".")
    for root, below in roots:
        path = os.path.join(root, below, *parts)
        init = os.path.join(path, "__init__.py")
        if os.path.isfile(init):
            return init, True
        directory, stem = os.path.split(path)
        try:
            names = sorted(os.listdir(directory))
        except OSError:
            continue
        for file in names:
            if file.split(".")[0] == stem and file.endswith(".so"):
                extensions.add(os.path.normpath(os.path.join(below, *parts[:-1], file)))
                return None, False
        if os.path.isfile(path + ".py"):
            return path + ".py", False
    return None, False


def load(name):
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        one = ".".join(parts[:end])
        if one and one not in seen:
            seen.add(one)
            file, package = locate(one)
            if file:
                todo.append((file, one if package else one.rpartition(".")[0]))


def follow(file, package):
    try:
        with open(file, "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                load(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")
                above = above[: len(above) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            if base:
                load(base)
            for alias in node.names:
                if base and alias.name != "*":
                    load(base + "." + alias.name)


kind, text = task["start"]
if kind == "file":
    root, below = roots[0]
    todo.append((os.path.join(root, below, text), ""))
else:
    load(text)
    load(text + ".__main__") if kind == "package" else None
while todo:
    follow(*todo.pop())
json.dump(sorted(extensions), sys.stdout)
