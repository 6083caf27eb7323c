"""The command line."""

import click
from rich.console import Console
from rich.panel import Panel
from rich.text import Text


@click.command()
@click.argument("names", nargs=-1)
@click.option("--plain", is_flag=True, help="One line for each name, without a frame.")
@click.version_option(package_name="hello", prog_name="hello")
def main(names: tuple[str, ...], plain: bool) -> None:
    """Greet everyone in NAMES, or the world."""
    console = Console(highlight=False)
    for name in names or ("world",):
        if plain:
            click.echo(f"Hello, {name}!")
        else:
            greeting = Text.assemble("Hello, ", (name, "bold green"), "!")
            console.print(Panel.fit(greeting, title="hello", border_style="cyan"))
