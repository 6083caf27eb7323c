"""FastAPI and uvicorn: a project that serves requests."""

import json

from root import free_port

FILES = {
    "pyproject.toml": """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "shop"
version = "1.0"
dependencies = ["fastapi", "uvicorn[standard]"]
[project.scripts]
shop = "shop:main"
""",
    "shop/__init__.py": """
import os
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()

class Order(BaseModel):
    name: str
    count: int

@app.post("/orders")
def order(order: Order):
    return {"sum": order.count * 2, "name": order.name}

def main():
    uvicorn.run("shop:app", host="127.0.0.1", port=int(os.environ["PORT"]), workers=2)
""",
}


def run(workshop, full, outcome):
    root = workshop.pack(outcome, "fastapi", workshop.project("shop", FILES))
    if root is None:
        return
    port = free_port()
    with root.serving("/app.psp", env={"PORT": port}):
        body = json.dumps({"name": "nail", "count": 21}).encode()
        answer = root.get(f"http://127.0.0.1:{port}/orders", {"Content-Type": "application/json"}, body)
        outcome.expect(answer == (200, '{"sum":42,"name":"nail"}'), lambda: f"orders: {answer}")
        status, text = root.get(f"http://127.0.0.1:{port}/openapi.json")
        outcome.expect(status == 200 and "Order" in text, lambda: f"openapi.json: {status} {text}")
