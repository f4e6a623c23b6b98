"""What an installed FERScope consists of, and what importing its library loads."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BUNDLED = sorted((ROOT / "checkpoints").glob("*.safetensors"))
#: What the site needs and the library does not.
WEB = {"streamlit", "plotly", "gradio", "captum", "matplotlib"}


def run(code: str, folder: Path, path: Path) -> list[str]:
    """What a fresh interpreter prints, word by word, started in ``folder`` with the packages of ``path``."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FERSCOPE_")}
    environment["PYTHONPATH"] = str(path)
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.split()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a wheel of this tree unpacks to."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT)], check=True, capture_output=True)
    (wheel,) = folder.glob("ferscope-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_the_library_and_all_its_names_load_none_of_the_web_packages(tmp_path):
    code = "import sys, fer_models as fer; [getattr(fer, name) for name in fer.__all__]; print(*sys.modules)"
    loaded = {name.partition(".")[0] for name in run(code, tmp_path, ROOT)}
    assert "torch" in loaded and not loaded & WEB


def test_a_wheel_brings_everything_that_the_site_reads(installed):
    there = {file.relative_to(installed).as_posix() for file in installed.rglob("*") if file.is_file()}
    sources = (file for package in ("webapp", "fer_models") for file in (ROOT / package).rglob("*.*"))
    needed = {file.relative_to(ROOT).as_posix() for file in sources if file.suffix != ".pyc" and file.is_file()}
    assert needed <= there
    assert {"webapp/.streamlit/config.toml", "webapp/figures/style.css", "fer_models/py.typed"} <= needed


def test_a_wheel_brings_every_checkpoint_with_card_and_answers_and_nothing_of_the_tests(installed):
    sources = {file.name for file in (ROOT / "checkpoints").iterdir()}
    bundled = {file.name for file in (installed / "fer_models" / "bundled").iterdir()}
    assert sources == bundled
    assert {f"{file.stem}.PublicTest.npz" for file in BUNDLED} <= bundled
    assert not any((installed / folder).exists() for folder in ("tests", "checkpoints", "docs", "examples"))


def test_an_installed_library_finds_and_loads_its_own_checkpoints(installed, tmp_path):
    code = "import fer_models as fer; print(fer.__file__, *fer.list_checkpoints())"
    code += "; fer.load_classifier('a_mobilenet.ferplus')"
    origin, *names = run(code, tmp_path, installed)
    assert Path(origin).is_relative_to(installed)
    assert names == [file.stem for file in BUNDLED]
