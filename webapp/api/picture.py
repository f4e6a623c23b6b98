"""The picture of a call: its body as it is, or one file of a form."""

from collections.abc import AsyncGenerator
from contextlib import suppress

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

MOST_BYTES = 10 * 1024**2
FIELD = "picture"
FORM = "multipart/form-data"
_HEADS = 64 * 1024  # what a form takes besides its file
# Who is still sending does not read what it is told: so much is taken from a caller, and dropped, before.
_DROPPED = 10 * MOST_BYTES


async def read_picture(request: Request) -> bytes:
    """Its bytes. HTTPException 413 for more than MOST_BYTES, 415 for another kind of body, 400 for a broken form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == FORM:
        return await _of_form(request)
    if kind in ("", "application/octet-stream") or kind.startswith("image/"):
        return b"".join([part async for part in _limited(request, MOST_BYTES)])
    said = f"Send the picture's bytes with a Content-Type such as image/jpeg, or {FORM} with a file '{FIELD}'."
    raise HTTPException(415, said)


async def drop_rest(request: Request) -> None:
    """Let a caller that is refused come to the end of what it sends."""
    dropped = 0
    with suppress(RuntimeError):  # there is no rest
        async for part in request.stream():
            dropped += len(part)
            if dropped > _DROPPED:
                break


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    received = 0
    async for part in request.stream():
        received += len(part)
        if received <= most:
            yield part
        elif received > _DROPPED:
            break
    if received > most:
        raise HTTPException(413, f"This call is larger than {MOST_BYTES // 1024**2} MB. Shrink the picture.")


async def _of_form(request: Request) -> bytes:
    parser = MultiPartParser(request.headers, _limited(request, MOST_BYTES + _HEADS), max_files=1, max_fields=10)
    parser.spool_max_size = MOST_BYTES + _HEADS  # never in a file
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, f"This form cannot be read: {error.message.rstrip('.')}.") from None
    try:
        file = form.get(FIELD)
        if not isinstance(file, UploadFile):
            raise HTTPException(400, f"This form holds no file '{FIELD}'.")
        return await file.read()
    finally:
        await form.close()
