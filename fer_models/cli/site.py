"""`ferscope app`: open the site."""

import errno
import os
import socket
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
    settings = {
        "server.port": port,
        "server.address": address,
        "server.headless": str(headless).lower(),
        "logger.hideWelcomeMessage": "true",  # it is said here
    }
    flags = [f"--{key}={value}" for key, value in settings.items()]
    script = Path(spec.origin).with_name("server.py")
    # -P: a folder named webapp where the command is called must not be taken for ours.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(script), *flags]
    if problem := _problem(address, port):
        warn(problem)
        raise typer.Exit(1)
    host = "localhost" if address == "127.0.0.1" else f"[{address}]" if ":" in address else address
    os.environ |= _home()
    typer.echo(f"FERScope on http://{host}:{port} (Ctrl+C stops it)")
    if os.name == "posix":
        # Our process becomes the server, so whoever ends it ends the server too.
        sys.stdout.flush()
        os.execv(sys.executable, command)
    raise typer.Exit(subprocess.run(command, check=False).returncode)


def _home() -> dict[str, str]:
    """What stands in for a home directory where there is none, as in many containers: Streamlit looks into one."""
    try:
        Path.home()
    except RuntimeError:
        return {"HOME": "/nonexistent"}  # as Debian calls the home of users that have none
    return {}


def _problem(address: str, port: int) -> str:
    """Why the site cannot be served there, in a sentence; empty where it can."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":  # as the server does; elsewhere it would take another's port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"Port {port} is not available: another program listens there. Give another one with --port."
        if error.errno == errno.EACCES:
            return f"Port {port} is not available to you. Give one above 1023 with --port."
        return f"The site cannot be served on {address}: {error.strerror}. Give an address of this machine."
    return ""
