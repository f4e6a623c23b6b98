"""The server as browsers and supervisors meet it: a process of its own, asked over HTTP."""

import asyncio
import base64
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from streamlit import config

from tests.support.servers import ROOT, Answer, free_port, get, held_server, running, wait_until_ready
from webapp.compression import Compressed, wants_gzip
from webapp.server import Ours

APP = ROOT / "webapp" / "app.py"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server that is still warming up, and the pipe that lets it go on."""
    with held_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def url(held) -> str:
    return held[0]


@pytest.fixture(scope="module")
def script(url: str) -> str:
    """Address of the page's largest script."""
    page = gzip.decompress(get(url, accept_encoding="gzip").body).decode()
    scripts = [f"{url}/{path}" for path in re.findall(r'(?:src|href)="\./(static/js/[^"]+\.js)"', page)]
    return max(scripts, key=lambda each: len(get(each).body))


def vary(answer: Answer) -> set[str]:
    return {name.strip().lower() for name in answer.headers.get("vary", "").split(",")}


def test_scripts_come_compressed_to_who_takes_gzip_and_whole_to_who_does_not(script):
    plain, packed = get(script), get(script, accept_encoding="br;q=1.0, gzip;q=0.8, *;q=0.1")
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) == int(packed.headers["content-length"]) < len(plain.body) / 3
    assert packed.headers["content-type"] == plain.headers["content-type"]


def test_caches_keep_both_forms_apart_and_for_long(script):
    plain, packed = get(script), get(script, accept_encoding="gzip")
    assert "accept-encoding" in vary(plain) & vary(packed)
    assert "immutable" in packed.headers["cache-control"] and "max-age=31536000" in packed.headers["cache-control"]
    assert plain.headers["etag"] != packed.headers["etag"]


def test_a_browser_that_has_a_script_is_told_so(script):
    tag = get(script, accept_encoding="gzip").headers["etag"]
    again = get(script, accept_encoding="gzip", if_none_match=tag)
    assert again.status == 304 and again.body == b"" and "accept-encoding" in vary(again)


def test_the_second_visitor_gets_the_kept_bytes(script):
    first, second = get(script, accept_encoding="gzip"), get(script, accept_encoding="gzip")
    assert first.body == second.body and first.headers["etag"] == second.headers["etag"]


def test_nothing_is_kept_without_end():
    """One script has many addresses, and an address that names no file gives the page."""

    async def app(scope, receive, send):
        kind = b"text/javascript" if scope["path"].endswith(".js") else b"text/html"
        headers = [(b"content-type", kind), (b"content-length", b"5000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": 5000 * b"x"})

    compressed = Compressed(app)
    asked = TestClient(compressed, headers={"accept-encoding": "gzip"})
    for path in ("/static/a.js", "/static/./a.js", "/static//a.js", "/static/b", "/static/c", "/d"):
        answer = asked.get(f"http://test{path}")
        assert answer.headers["content-encoding"] == "gzip" and answer.content == 5000 * b"x"
    asked.post("http://test/static/d.js")  # an answer to something
    assert list(compressed._kept) == ["/static/a.js"]


def test_only_streamlits_page_gets_what_comes_first_of_ours():
    """Pages of our own have another policy, which forbids it."""
    page = b"<html><head><title>Live</title></head>" + 2000 * b" " + b"</html>"

    async def app(scope, receive, send):
        headers = [(b"content-type", b"text/html"), (b"content-length", str(len(page)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page})

    asked = TestClient(Compressed(app), headers={"accept-encoding": "gzip"})
    for answer in (asked.get("http://test/live/"), asked.post("http://test/api/explain")):
        assert answer.headers["content-encoding"] == "gzip" and answer.content == page


def test_half_an_answer_is_nobodys():
    """The app ends a file's answer where its browser went away; the next browser gets the whole file."""
    script, scope = 5000 * b"x", {"type": "http", "method": "GET", "path": "/static/a.js"}
    sent, cut = [], True

    async def app(scope, receive, send):
        headers = [(b"content-type", b"text/javascript"), (b"content-length", b"5000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": script[:2000] if cut else script, "more_body": cut})

    async def send(message):
        sent.append(message)

    compressed = Compressed(app)
    asyncio.run(compressed(scope | {"headers": [(b"accept-encoding", b"gzip")]}, None, send))
    assert sent == []
    cut = False
    answer = TestClient(compressed, headers={"accept-encoding": "gzip"}).get("http://test/static/a.js")
    assert answer.headers["content-encoding"] == "gzip" and answer.content == script


def test_a_part_of_a_file_is_not_compressed(script):
    part = get(script, accept_encoding="gzip", range="bytes=0-99")
    assert part.status == 206 and "content-encoding" not in part.headers and len(part.body) == 100


def test_pictures_are_sent_as_they_are(url):
    picture = get(f"{url}/favicon.png", accept_encoding="gzip")
    assert picture.status == 200 and picture.body.startswith(b"\x89PNG")
    assert "content-encoding" not in picture.headers and "accept-encoding" not in vary(picture)


@pytest.mark.parametrize("path", ["", "evaluation", "static/js/none.js"])
def test_the_page_is_compressed_and_fetches_no_font_that_it_does_not_use(url, path):
    page = get(f"{url}/{path}", accept_encoding="gzip")
    assert page.status == 200 and page.headers["cache-control"] == "no-cache"
    html = gzip.decompress(page.body)
    assert b"SourceSans" not in html and b"modulepreload" in html


PROBE = """
import json, sys
from streamlit import config
from streamlit.web import bootstrap, cli
bootstrap.run_asgi_app = lambda *_: print(json.dumps({key: config.get_option(key) for key in sys.argv[2:]}))
cli.main(["run", sys.argv[1]])
"""


def test_the_site_s_settings_hold_whatever_the_folder_says_where_it_is_started(tmp_path):
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text(
        "[server]\nmaxUploadSize = 77\n[client]\ntoolbarMode = 'developer'\n[browser]\ngatherUsageStats = true\n"
    )
    file = tomllib.loads((ROOT / "webapp" / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    wanted = {f"{part}.{name}": value for part in ("server", "client", "browser") for name, value in file[part].items()}
    assert wanted["server.maxUploadSize"] == 200 and wanted["browser.gatherUsageStats"] is False
    command = [sys.executable, "-P", "-c", PROBE, ROOT / "webapp" / "server.py", *wanted]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("STREAMLIT_")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == wanted


@pytest.mark.parametrize("path", ["media/none.png", "component/none/index.html"])
def test_what_is_not_there_is_said_to_be_missing(url, path):
    assert get(f"{url}/{path}", accept_encoding="gzip").status == 404


def test_the_site_alone_is_served_by_streamlit_too(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", APP, "--server.port", str(port), "--server.headless", "true"]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with running(command, f"http://127.0.0.1:{port}", tmp_path, PYTHONPATH=path) as url:
        assert b"modulepreload" in get(url).body


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ({"accept-encoding": "gzip, deflate, br"}, True),
        ({"accept-encoding": "GZIP;q=0.5"}, True),
        ({"accept-encoding": "gzip;q=0"}, False),
        ({"accept-encoding": "gzip; q=0.000"}, False),
        ({"accept-encoding": "br"}, False),
        ({"accept-encoding": "xgzip"}, False),
        ({}, False),
        ({"accept-encoding": "gzip", "range": "bytes=0-9"}, False),
        ({"accept-encoding": "gzip", "if-none-match": '"x"'}, False),
    ],
)
def test_who_takes_gzip(sent, wanted):
    assert wants_gzip(Headers(sent)) is wanted


def test_the_page_says_what_it_may_load_and_who_may_frame_it(url):
    page, policy = get(url), get(url).headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff" and "frame-ancestors 'self'" in policy
    named = set(re.findall(r"'sha256-([^']+)'", policy))
    inline = re.findall(
        r"<script>(.*?)</script>", gzip.decompress(get(url, accept_encoding="gzip").body).decode(), re.S
    )
    hashes = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline}
    assert hashes and hashes == named


def test_the_api_answers_beside_the_site(url):
    assert b"/api/predict" in get(f"{url}/api").body and get(f"{url}/api/predict").status == 405


def test_all_of_ours_stands_below_the_site_s_own_path_and_health_at_the_root_too():
    async def streamlit(scope, receive, send):
        await PlainTextResponse("Streamlit's")(scope, receive, send)

    before = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", "/ferscope/")
    try:
        asked = TestClient(Ours(streamlit))
    finally:
        config.set_option("server.baseUrlPath", before)
    for path in ("/ferscope/healthz", "/healthz"):
        assert asked.get(path).json().keys() == {"status", "worker", "queue"}
    assert b"ferscope_ready" in asked.get("/ferscope/metrics").content
    assert "/ferscope/api/predict" in asked.get("/ferscope/api").text
    assert "Live" in asked.get("/ferscope/live/").text
    for path in ("/", "/ferscope/", "/ferscope/compare", "/gradio/"):
        assert asked.get(path).text == "Streamlit's"


# The last to ask the held server: it lets it go.
def test_health_turns_green_when_the_networks_are_in_memory(held):
    url, pipe = held
    before = get(f"{url}/healthz")
    assert (before.status, json.loads(before.body)["status"]) == (503, "loading")
    assert get(f"{url}/_stcore/health").status == 200
    pipe.write_text("go")
    wait_until_ready(url)
    after = get(f"{url}/healthz")
    assert (after.status, json.loads(after.body)) == (200, {"status": "ready", "worker": "none", "queue": 0})
    assert "no-store" in after.headers["cache-control"]


FIRST_RUN = """
import sys
from streamlit.testing.v1 import AppTest
from tests.support.pages import checked, text
from webapp import warm_up

warm_up.pending = lambda: True
page = AppTest.from_file({app!r}, default_timeout=60)
page.query_params.update({link!r})
print(text(checked(page.run())))
print([name for name in ("torch", "kornia", "scipy", "sklearn", "captum", "matplotlib") if name in sys.modules])
"""


def first_run(**link: str) -> tuple[str, str]:
    """What the start page says while networks are still being loaded, and the heavy packages that it has loaded."""
    code = FIRST_RUN.format(app=str(APP), link=link)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    said, heavy = run.stdout.strip().rsplit("\n", 1)
    return said, heavy


def test_the_first_visitor_sees_an_answer_before_pytorch_is_there():
    said, heavy = first_run()
    assert heavy == "[]"
    assert "A-MobileNet" in said and re.search(r"happiness.* \d+(\.\d+)? %", said, re.IGNORECASE)


def test_a_network_that_is_being_loaded_says_so_in_the_answers_place():
    said, heavy = first_run(network="MobileNetV3-SimAM")
    assert heavy == "[]"
    assert "being loaded" in said and "reads this face as" not in said
