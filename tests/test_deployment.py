"""Dockerfile and compose.yaml: what a linter would say, and the same steps in an empty folder without Docker."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from tests.support.servers import ROOT, free_port, get, running, wait_until_ready

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())


def instructions() -> list[tuple[str, str]]:
    """Instruction and argument of each line of the Dockerfile, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, value.strip()) for name, _, value in (line.partition(" ") for line in lines)]


def copies() -> list[tuple[list[str], str]]:
    """What the first stage takes of the source tree, and where to."""
    words = [value.split() for name, value in instructions() if name == "COPY" and "--from" not in value]
    return [(sources, place) for *sources, place in words]


def argument(name: str) -> str:
    """Of the last instruction of this name."""
    return [value for found, value in instructions() if found == name][-1]


def variables() -> dict[str, str]:
    return dict(word.split("=", 1) for name, value in instructions() if name == "ENV" for word in shlex.split(value))


def test_the_image_is_pinned_small_and_runs_as_nobody_special():
    bases = [value.split()[0] for name, value in instructions() if name == "FROM"]
    assert all(re.fullmatch(r"[\w./-]+:[\w.-]*\d[\w.-]*", base) for base in bases) and len(set(bases)) == 1
    assert argument("USER").split(":")[0] not in ("0", "root")
    assert "healthz" in argument("HEALTHCHECK") and json.loads(argument("CMD"))[0] == "ferscope"
    installs = [value for name, value in instructions() if name == "RUN" and "pip install" in value]
    assert installs and all("--no-cache-dir" in value and "--constraint" in value for value in installs)
    assert not any("http" in value for name, value in instructions() if name in ("RUN", "ARG"))


def test_everything_that_is_copied_is_there_and_makes_the_wheel():
    ignored = {line.removeprefix("**/") for line in (ROOT / ".dockerignore").read_text().split()}
    copied = [source for sources, _ in copies() for source in sources]
    assert copied and all((ROOT / word).exists() for word in copied) and not ignored & set(copied)


def test_services_may_do_no_more_than_they_need():
    services, volumes = COMPOSE["services"], COMPOSE["volumes"]
    for service in services.values():
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["user"].split(":")[0] not in ("0", "root")
        assert all(volume.split(":")[0] in volumes for volume in service["volumes"])
    assert all(port.startswith("127.0.0.1:") for port in services["site"]["ports"])
    assert services["site"]["pid"] == "service:worker"  # else a cancelled job's process is out of reach
    kept = {volume.split(":")[1] for volume in services["site"]["volumes"]}
    settings = {name: value for name, value in variables().items() if name.startswith("FERSCOPE_")}
    assert settings and all(any(value.startswith(f"{place}/") for place in kept) for value in settings.values())


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image's first stage makes, from nothing but what it copies; dependencies are those of this Python."""
    folder = tmp_path_factory.mktemp("image")
    for sources, place in copies():
        for source in sources:
            to = folder / "build" / (source if place == "./" else place)
            to.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, to)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(folder / "build")], check=True, capture_output=True)
    (wheel,) = folder.glob("ferscope-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_site_and_worker_start_as_compose_starts_them(image, tmp_path):
    data, home = tmp_path / "data", tmp_path / "home"
    data.mkdir()
    home.mkdir()
    settings = {name: value.replace("/data", str(data)) for name, value in variables().items()}
    settings |= {"HOME": str(home), "PYTHONPATH": str(image), "PATH": os.environ["PATH"]}

    def command(service: str) -> list[str]:
        program, *words = COMPOSE["services"][service]["command"]
        assert program == "ferscope"
        return [sys.executable, "-P", "-c", "from fer_models.cli import main; main()", *words]

    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FERSCOPE_", "STREAMLIT_"))}
    worker = subprocess.Popen(command("worker"), cwd=data, env=inherited | settings)
    try:
        port = free_port()
        words = [str(port) if word == "8501" else word for word in command("site")]
        with running(words, f"http://127.0.0.1:{port}", data, **settings) as url:
            wait_until_ready(url)
            health = json.loads(get(f"{url}/healthz").body)
            assert health == {"status": "ready", "worker": "runs", "queue": 0}
            assert b"ferscope_worker_up 1.0" in get(f"{url}/metrics").body
    finally:
        worker.terminate()
        worker.wait()
    assert not list(home.rglob("*.sqlite")) and (data / "jobs" / "jobs.sqlite").is_file()
