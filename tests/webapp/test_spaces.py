"""Spaces of each kind start on their own as the Hub would start them; uploading, to a stub of the Hub."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from http.server import ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from huggingface_hub import SpaceCard
from packaging.requirements import Requirement
from PIL import Image

from tests.support.hub import OLDER, committed, deleted, stub_hub
from tests.support.servers import free_port, get, running, wait_until_ready
from webapp.spaces import SpaceError, build_space

CARD = "---\ntitle: FERScope Live\nsdk: static\napp_file: index.html\n---\n# FERScope Live\n"


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    with stub_hub() as server:
        yield server


def pushed(url: str, token: str, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """`ferscope space push` as a process of its own: the Hub's address is read when its library is imported."""
    environment = os.environ | {"HF_ENDPOINT": url, "HF_TOKEN": token, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-c", "from fer_models.cli import main; main()", "space", "push", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "space"
    folder.mkdir()
    (folder / "README.md").write_text(CARD)
    (folder / "index.html").write_text("<p>live</p>")
    return folder


def test_every_file_is_in_one_commit_of_a_static_space(hub, folder, tmp_path):
    done = pushed(hub.url, "writer", "ann/live", str(folder), home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{hub.url}/spaces/ann/live"
    asked = {path: (token, body) for path, token, body in hub.asked}
    token, body = asked["/api/repos/create"]
    made = json.loads(body)
    assert token == "Bearer writer" and (made["type"], made["sdk"]) == ("space", "static")
    assert committed(hub, "/api/spaces/ann/live/commit/") == {"README.md": CARD.encode(), "index.html": b"<p>live</p>"}
    assert deleted(hub, "/api/spaces/ann/live/commit/") == [OLDER]


def test_a_token_without_rights_a_wrong_name_and_no_hub_are_one_sentence_each(hub, folder, tmp_path):
    for url, token, name, said in (
        (hub.url, "reader", "ann/live", "writes nothing|write nothing"),
        (hub.url, "writer", "a name/with/slashes", "USER/NAME"),
        ("http://127.0.0.1:9", "writer", "ann/live", "cannot be reached"),
    ):
        done = pushed(url, token, name, str(folder), home=tmp_path)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert any(part in done.stderr for part in said.split("|")), done.stderr
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no Space" in pushed(hub.url, "writer", "ann/live", str(empty), home=tmp_path).stderr


def test_a_space_is_not_built_over_other_files(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    command = [sys.executable, "-c", "from fer_models.cli import main; main()", "space", "build", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "holds other files" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("kind", ["gradio", "docker"])
def test_a_space_of_any_kind_is_not_built_over_other_files(tmp_path, kind):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(SpaceError, match="holds other files"):
        build_space(tmp_path, kind)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_another_kind_is_one_sentence(tmp_path):
    with pytest.raises(SpaceError, match="static, gradio, docker"):
        build_space(tmp_path / "space", "streamlit")


NETWORK = "mobilenetv3_cpsca.ferplus"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> dict[str, Path]:
    """A Space of each kind that needs a server; each built twice, over itself."""
    folders = {kind: tmp_path_factory.mktemp(kind) / "space" for kind in ("gradio", "docker")}
    for kind, folder in folders.items():
        for _ in range(2):
            build_space(folder, kind, [NETWORK])
    return folders


@pytest.mark.parametrize("kind", ["gradio", "docker"])
def test_the_hub_can_read_what_is_built(built, kind):
    folder = built[kind]
    card = SpaceCard.load(folder / "README.md").data
    assert card.sdk == kind and card.license == "apache-2.0" and len(card.short_description) <= 60
    wanted = [Requirement(line) for line in (folder / "requirements.txt").read_text().splitlines()]
    named = {each.name: each for each in wanted}
    assert {"torch", "opencv-python-headless", "safetensors"} <= named.keys() and len(named) == len(wanted)
    weights = [file.name for file in (folder / "checkpoints").glob("*.safetensors")]
    assert weights == [f"{NETWORK}.safetensors"] and NETWORK in (folder / "README.md").read_text()
    assert not list(folder.rglob("__pycache__")) and not list(folder.rglob("*.pyi"))
    if kind == "gradio":
        # What ZeroGPU runs: huggingface.co/docs/hub/spaces-zerogpu
        assert card.python_version == "3.12.12" and card.sdk_version == version("gradio") and card.app_file == "app.py"
        torch = named["torch"].specifier
        assert torch.contains("2.10.0") and torch.contains("2.11.9") and not torch.contains("2.12.0")
        assert "streamlit" not in named


def test_a_gradio_space_starts_from_its_own_folder(built, astronaut, tmp_path):
    """As the Hub starts it, which answers with the networks and the code that lie in it."""
    folder = shutil.copytree(built["gradio"], tmp_path / "space")
    Image.fromarray(astronaut).save(tmp_path / "astronaut.png")
    version_file = folder / "fer_models" / "version.py"
    version_file.write_text(version_file.read_text() + '__version__ += "+space"\n')
    port = free_port()
    settings = {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(tmp_path / "temporary")}
    with running([sys.executable, "app.py"], f"http://127.0.0.1:{port}", folder, health="config", **settings) as url:
        client = Client(url, verbose=False, analytics_enabled=False, httpx_kwargs={"timeout": 240})
        told = client.predict(handle_file(tmp_path / "astronaut.png"), NETWORK, False, api_name="/predict")
        client.close()
    assert told["faces"][0]["expression"] == "happiness" and told["version"].endswith("+space")


def test_a_docker_space_starts_as_its_file_says(built, tmp_path):
    """The same steps without a daemon, on a read-only install, as user 1000 where the tests are root's."""
    folder = built["docker"]
    text = (folder / "Dockerfile").read_text().replace("\\\n", " ")
    steps = [line.partition(" ")[::2] for line in text.splitlines() if line and not line.startswith("#")]
    of = dict(steps)
    copied = [value.split()[0] for name, value in steps if name == "COPY"]
    assert all((folder / name).exists() for name in copied) and of["USER"] == "1000" and of["EXPOSE"] == "7860"
    settings = dict(word.split("=", 1) for name, value in steps if name == "ENV" for word in shlex.split(value))
    data = tmp_path / "data"
    data.mkdir(mode=0o777)
    os.chmod(data, 0o777)
    port = free_port()
    settings = {name: value.replace("/data", str(data)) for name, value in settings.items()}
    settings |= {"PYTHONPATH": str(folder), "HOME": str(data)}
    command = [str(port) if word == "7860" else word for word in json.loads(of["CMD"])]
    command[:1] = [sys.executable, "-P"]
    for file in folder.rglob("*"):
        file.chmod(0o555 if file.is_dir() else 0o444)
    # The install is read-only to whoever runs it, and the user is not root.
    writes = f"import os; assert os.geteuid(); open({str(folder / 'requirements.txt')!r}, 'a')"
    tried = subprocess.run(as_user_1000([sys.executable, "-c", writes]), capture_output=True, text=True, check=False)
    assert "PermissionError" in tried.stderr
    with running(as_user_1000(command), f"http://127.0.0.1:{port}", data, **settings) as url:
        page = get(url)
        assert "https://huggingface.co" in page.headers["content-security-policy"]
        host = json.loads(get(f"{url}/_stcore/host-config").body)
        assert host and get(f"{url}/api").status == 200
        wait_until_ready(url)
    for file in folder.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)


def as_user_1000(command: Sequence[str | Path]) -> list[str | Path]:
    """As the Hub runs it, where the tests are root's: user 1000, who may read all, as in an image."""
    if os.geteuid():
        return list(command)
    reads = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")
    return ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", *reads, "--", *command]
