"""A stub of the Hugging Face Hub that takes uploads."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OLDER = "older.txt"  # a file that is in every repository there already


class Answering(BaseHTTPRequestHandler):
    """Answers in JSON, and says nothing of each request."""

    def answer(self, status: int, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Hub(Answering):
    """Takes every file as a regular one of a commit; refuses who has the token 'reader'."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.path, self.headers.get("Authorization"), body))
        if self.headers.get("Authorization") == "Bearer reader":
            self.answer(403, {"error": "no right to write"})
        elif self.path == "/api/validate-yaml":
            self.answer(200, {"errors": [], "warnings": []})
        elif self.path == "/api/repos/create":
            self.answer(200, {"url": f"{self.server.url}/spaces/ann/live"})
        elif "/preupload/" in self.path:
            files = json.loads(body)["files"]
            told = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in files]
            self.answer(200, {"files": told})
        elif "/commit/" in self.path:
            made = {"commitUrl": f"{self.server.url}/ann/live/commit/1", "commitOid": "1"}
            self.answer(200, {"success": True, **made})
        else:
            self.answer(404, {"error": f"unknown: {self.path}"})

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization"), b""))
        older = {"type": "file", "path": OLDER, "oid": "0", "size": 1}
        self.answer(200, [older] if "/tree/" in self.path else {"id": "ann/live", "sha": "1", "siblings": []})


@contextmanager
def stub_hub() -> Iterator[ThreadingHTTPServer]:
    """It listens at ``url``, and keeps path, token and body of all that it is asked in ``asked``."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        server.asked, server.url = [], f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def committed(hub: ThreadingHTTPServer, path: str) -> dict[str, bytes]:
    """The files of the one commit to an address that contains ``path``."""
    files = [line["value"] for line in _commit(hub, path) if line["key"] == "file"]
    return {file["path"]: base64.b64decode(file["content"]) for file in files}


def deleted(hub: ThreadingHTTPServer, path: str) -> list[str]:
    """What the same commit takes away."""
    return [line["value"]["path"] for line in _commit(hub, path) if line["key"] == "deletedFile"]


def _commit(hub: ThreadingHTTPServer, path: str) -> list[dict]:
    (commit,) = [body for asked, _, body in hub.asked if path in asked]
    return [json.loads(line) for line in commit.decode().splitlines()]
