"""`ferscope app`: open the site."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from fer_models.cli.common import warn


def open_site(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the page.")] = 8501,
    address: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    headless: Annotated[bool, typer.Option("--headless/--browser", help="Do not open a browser.")] = True,
) -> None:
    """Open the site. Stop it with Ctrl+C."""
    spec = find_spec("webapp")
    if spec is None or spec.origin is None:
        warn("the package 'webapp' is not installed.")
        raise typer.Exit(1)
    # All else is settled by the site's own .streamlit/config.toml, whatever the current folder's says.
    settings = {"server.port": port, "server.address": address, "server.headless": str(headless).lower()}
    flags = [f"--{key}={value}" for key, value in settings.items()]
    script = Path(spec.origin).with_name("server.py")
    # -P: a folder named webapp where the command is called must not be taken for ours.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(script), *flags]
    typer.echo(f"FERScope on http://{'localhost' if address == '127.0.0.1' else address}:{port} (Ctrl+C stops it)")
    if os.name == "posix":
        # Our process becomes the server, so whoever ends it ends the server too.
        sys.stdout.flush()
        os.execv(sys.executable, command)
    raise typer.Exit(subprocess.run(command, check=False).returncode)
