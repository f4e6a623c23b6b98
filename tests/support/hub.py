"""A stub of the Hugging Face Hub that takes uploads."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hub(BaseHTTPRequestHandler):
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
        self.answer(200, [] if "/tree/" in self.path else {"id": "ann/live", "sha": "1", "siblings": []})

    def answer(self, status: int, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


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
    (commit,) = [body for asked, _, body in hub.asked if path in asked]
    lines = [json.loads(line) for line in commit.decode().splitlines()]
    files = [line["value"] for line in lines if line["key"] == "file"]
    return {file["path"]: base64.b64decode(file["content"]) for file in files}
