"""The site below a path, behind a real nginx with the configuration that docs/deployment.md prints."""

import base64
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from playwright.sync_api import Browser, expect

from tests.support.mcp import with_tools
from tests.support.servers import ROOT, free_port, get, running, wait_until_ready
from webapp.components.gallery import FOLDER, read_gallery

NGINX = shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
NETWORK = "mobilenetv3_cpsca.ferplus"
SAMPLE = FOLDER / read_gallery()["happiness"][0].file
AROUND = """{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.txt;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
{location}
    }}
}}
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory, live_built) -> Iterator[str]:
    """What visitors type: the proxy's address and the path."""
    if NGINX is None:
        pytest.skip("no nginx here")
    folder = tmp_path_factory.mktemp("nginx")
    text = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    (variable,) = re.findall(r"export (STREAMLIT_SERVER_BASE_URL_PATH)=(/ferscope)", text)
    (location,) = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
    port, proxy = free_port(), free_port()
    user = "" if os.geteuid() else "user root;"
    filled = AROUND.format(user=user, folder=folder, port=proxy, location=location.replace(":8501", f":{port}"))
    (folder / "nginx.conf").write_text(filled)
    site = [Path(sys.executable).with_name("ferscope"), "app", "--port", str(port), "--headless"]
    folders = [folder / name for name in ("site", "proxy")]
    for each in folders:
        each.mkdir()
    variables = dict([variable]) | {"FERSCOPE_LIVE": str(live_built), "FERSCOPE_JOBS": str(folder / "jobs")}
    variables |= {"GRADIO_TEMP_DIR": str(folder / "gradio"), "FERSCOPE_API_RATE": "0.01"}
    with running(site, f"http://127.0.0.1:{port}", folders[0], health="ferscope/_stcore/health", **variables):
        command = [NGINX, "-c", folder / "nginx.conf", "-e", folder / "error.txt"]
        with running(command, f"http://127.0.0.1:{proxy}", folders[1], health="ferscope/_stcore/health") as url:
            wait_until_ready(f"{url}/ferscope")
            yield f"{url}/ferscope"


def test_pages_come_with_pictures_and_their_websocket(browser: Browser, url):
    page = browser.new_page()
    refused: list[str] = []
    sockets: list[str] = []
    page.on("response", lambda answer: answer.status >= 400 and refused.append(answer.url))
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto(f"{url}/?network={NETWORK}")
    expect(page.locator("[data-test-script-state=notRunning]").first).to_be_attached(timeout=60_000)
    page.get_by_role("radio", name="Upload").click()
    page.locator("input[type=file]").set_input_files(SAMPLE)
    expect(page.locator("h2").first).to_contain_text("Happiness", timeout=60_000)
    page.goto(f"{url}/compare")
    expect(page.locator("[data-test-script-state=notRunning]").first).to_be_attached(timeout=60_000)
    pictures = page.locator("img").evaluate_all("all => all.map((each) => each.complete && each.naturalWidth)")
    assert pictures and all(pictures)
    assert sockets[-1].startswith(url.replace("http", "ws")) and sockets[-1].endswith("/_stcore/stream")
    # On any page but the first, Streamlit looks for its server beneath the page's own address before it goes up.
    assert all("/compare/_stcore/" in each for each in refused)
    page.close()


def test_live_is_isolated_and_its_service_worker_keeps_it_alone(browser: Browser, url):
    context = browser.new_context()
    page = context.new_page()
    for _ in range(2):  # all that it is made of passes through the service worker once
        page.goto(f"{url}/live/")
        expect(page.locator("#share")).not_to_have_text("", timeout=60_000)
        scope = page.evaluate("navigator.serviceWorker.ready.then(({ scope }) => scope)")
    assert scope == f"{url}/live/" and page.evaluate("crossOriginIsolated")
    context.set_offline(True)
    page.reload()
    expect(page.locator("#what")).to_have_text("Happiness", timeout=60_000)
    context.close()


def test_the_api_answers_below_the_path_and_counts_each_caller(url):

    def ask(caller: str, content: bytes = SAMPLE.read_bytes()) -> httpx.Response:
        headers = {"Content-Type": "image/webp", "X-Forwarded-For": caller}
        return httpx.post(f"{url}/api/predict?checkpoint={NETWORK}&whole=true", content=content, headers=headers)

    answer = ask("192.0.2.1")
    assert answer.json()["faces"][0]["expression"] == "happiness"
    again = ask("192.0.2.1")
    assert again.status_code == 429 and int(again.headers["retry-after"]) >= 1
    assert ask("192.0.2.2").status_code == 200
    large = ask("192.0.2.3", bytes(11_000_000))
    assert large.status_code == 413 and "10 MB" in large.json()["error"]  # the site's own answer, not the proxy's
    assert httpx.get(f"{url}/api/openapi.json").json()["servers"] == [{"url": "/ferscope/api"}]


def test_what_the_site_takes_passes_the_proxy(url):
    """A zip of 200 MB for the page Fine-tune: the proxy asks for it, and does not refuse it by its length."""
    host, port = url.split("/")[2].split(":")
    ask = f"PUT /ferscope/_stcore/upload_file/a/b HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\n"
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(f"{ask}Content-Length: {200 * 1024**2 + 1024}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100")


def test_gradio_finds_its_files_and_answers_below_the_path(browser: Browser, url):
    client = Client(f"{url}/gradio/", verbose=False, analytics_enabled=False, httpx_kwargs={"timeout": 240})
    told = client.predict(handle_file(SAMPLE), NETWORK, True, api_name="/predict")
    client.close()
    assert told["faces"][0]["expression"] == "happiness"
    picture = f"data:image/webp;base64,{base64.b64encode(SAMPLE.read_bytes()).decode()}"
    call = {"picture": picture, "checkpoint": NETWORK, "whole": True}
    answer = with_tools(f"{url}/gradio/", lambda session: session.call_tool("predict", call))
    assert not answer.isError and "happiness" in answer.content[0].text
    page = browser.new_page()
    refused: list[str] = []
    page.on("response", lambda answer: answer.status >= 400 and refused.append(answer.url))
    page.goto(f"{url}/gradio/")
    expect(page.get_by_role("tab", name="Recognise")).to_be_visible(timeout=60_000)
    page.locator("input[type=file]").first.set_input_files(SAMPLE)
    expect(page.get_by_text("reads this face as happiness").first).to_be_visible(timeout=60_000)
    page.close()
    assert not refused


def test_health_is_told_below_the_path(url):
    assert get(f"{url}/healthz").status == 200
