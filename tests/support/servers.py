"""Servers in processes of their own, as a visitor meets them."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

START_SECONDS = 90
STOP_SECONDS = 10
ROOT = Path(__file__).parents[2]
# A visitor's own proxy is none of our business.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    """What came back for one request; ``body`` as it was sent, compressed or not."""

    status: int
    headers: dict[str, str]
    body: bytes


def get(url: str, **headers: str) -> Answer:
    """Ask for an address; ``accept_encoding="gzip"`` sends Accept-Encoding."""
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        response = _direct.open(request, timeout=30)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return Answer(
            response.status, {name.lower(): value for name, value in response.headers.items()}, response.read()
        )


@contextmanager
def running(
    command: Sequence[str | Path],
    url: str,
    folder: Path,
    *,
    health: str = "_stcore/health",
    **variables: str,
) -> Iterator[str]:
    """Run a server in ``folder``, which holds no settings of ours; gives its address once it answers, and ends it.

    ``health``: what it answers with 200 once it is there.
    """
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("STREAMLIT_", "XDG_"))}
    log = folder / "server.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=inherited | {"HOME": str(folder)} | variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_healthy(f"{url}/{health}", process, log)
        yield url
    finally:
        _stop_group(process)


@contextmanager
def held_server(folder: Path) -> Iterator[tuple[str, Path]]:
    """A server that goes on warming up; gives its address and the pipe that one writes to for it to go on."""
    pipe = folder / "go"
    os.mkfifo(pipe)
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.support.held_server:app", "--port", str(port)]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with running(command, f"http://127.0.0.1:{port}", folder, FERSCOPE_GO=str(pipe), PYTHONPATH=path) as url:
        yield url, pipe


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(url: str) -> None:
    """Until the networks are in memory."""
    deadline = time.monotonic() + START_SECONDS
    while get(f"{url}/healthz").status != 200:
        if time.monotonic() > deadline:
            pytest.fail(f"{url} was not ready within {START_SECONDS} s")
        time.sleep(0.1)


def _is_healthy(url: str) -> bool:
    try:
        return get(url).status == 200
    except OSError:
        return False


def _wait_until_healthy(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_healthy(url):
        if process.poll() is not None:
            pytest.fail(f"the server ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        if time.monotonic() > deadline:
            pytest.fail(f"the server did not answer within {START_SECONDS} s:\n{log.read_text()[-4000:]}")
        time.sleep(0.1)


def _stop_group(process: subprocess.Popen) -> None:
    """End the command and what it started (Streamlit's own process)."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
