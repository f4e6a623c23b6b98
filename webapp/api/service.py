"""The API's routes: how a call is read, limited and answered. What is answered: webapp.api.answers.

A picture is held in memory for its call alone: it is neither kept nor logged.
"""

import functools
import math
import os
from collections.abc import Callable
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from fer_models.export.sheet import Sheet
from fer_models.text import first_mistake
from webapp import warm_up
from webapp.api import answers, description
from webapp.api.parameters import ExplainCall, PredictCall
from webapp.api.picture import drop_rest, read_picture
from webapp.api.rate import Rate
from webapp.headers import COMMON

RATE_VARIABLE = "FERSCOPE_API_RATE"
CALLS_A_SECOND = 10.0  # of one visitor, unless the variable says otherwise
JSON, PNG = "application/json", "image/png"
Call = TypeVar("Call", bound=BaseModel)

_HEADERS = COMMON | {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'"}
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# One computes for each core; the others wait.
_at_work = anyio.CapacityLimiter(max(os.cpu_count() or 1, 1))


def api_routes(prefix: str) -> list[BaseRoute]:
    """The routes below ``prefix``, '/api' on a site that has no path of its own."""
    rate = Rate(_calls_a_second())

    def route(path: str, answer: Callable, *methods: str) -> Route:
        return Route(f"{prefix}{path}", _told(answer), methods=methods)

    return [
        route("/predict", functools.partial(_predict, rate=rate), "POST"),
        route("/explain", functools.partial(_explain, rate=rate), "POST"),
        route("/openapi.json", _openapi, "GET"),
        route("", _page, "GET"),
        route("/{rest:path}", _nothing, "GET", "POST", "PUT", "PATCH", "DELETE"),
    ]


async def _predict(request: Request, rate: Rate) -> Response:
    _wanted(request, (JSON,))
    _limit(request, rate)
    call = _parameters(request, PredictCall)
    content = await read_picture(request)
    return JSONResponse(await _computed(answers.predicted, content, **call.model_dump()))


async def _explain(request: Request, rate: Rate) -> Response:
    wanted = _wanted(request, (JSON, PNG))
    _limit(request, rate)
    call = _parameters(request, ExplainCall)
    content = await read_picture(request)
    found = await _computed(answers.explained, content, **call.model_dump())
    if wanted == JSON:
        return JSONResponse(found.answer, headers={"Vary": "Accept"})
    return Response(await _computed(_drawn, found.sheet), media_type=PNG, headers={"Vary": "Accept"})


async def _openapi(request: Request) -> Response:
    return JSONResponse(description.openapi(_address(request)))


async def _page(request: Request) -> Response:
    page = description.page(_address(request), str(request.base_url.replace(path="")).rstrip("/"))
    return HTMLResponse(page, headers={"Content-Security-Policy": _PAGE_POLICY})


async def _nothing(request: Request) -> Response:
    if request.url.path.endswith(("/predict", "/explain")):
        raise HTTPException(405, "Send the picture by POST.", {"Allow": "POST"})
    raise HTTPException(404, f"There is nothing here: {description.PATHS} can be called.")


def _address(request: Request) -> str:
    """The API's path on this site, '/api'."""
    return request.url.path.removesuffix("/openapi.json").rstrip("/")


def _told(answer: Callable) -> Callable:
    """With the API's headers, and every refusal as one sentence of JSON."""

    async def answered(request: Request) -> Response:
        try:
            response = await answer(request)
        except HTTPException as refused:
            await drop_rest(request)
            response = JSONResponse({"error": refused.detail}, refused.status_code, refused.headers)
        except answers.Unusable as error:
            response = JSONResponse({"error": str(error)}, 422)
        except ClientDisconnect:  # nobody is left to be told
            response = Response(status_code=400)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return answered


def _drawn(sheet: Sheet) -> bytes:
    """As a figure. Two threads that import matplotlib at once find it half there, so the warm-up goes first."""
    warm_up.wait()
    from fer_models.export.figure import figure

    return figure(sheet)


async def _computed(work: Callable, *given: Any, **named: Any) -> Any:
    return await anyio.to_thread.run_sync(functools.partial(work, *given, **named), limiter=_at_work)


def _parameters(request: Request, kind: type[Call]) -> Call:
    try:
        return kind.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise HTTPException(422, f"{first_mistake(error)}.") from None


def _wanted(request: Request, offered: tuple[str, ...]) -> str:
    """What of ``offered`` the caller would rather have (RFC 9110, section 12.5.1); the first where it does not say."""
    accept = request.headers.get("accept") or "*/*"
    qualities = {kind: _quality(accept, kind) for kind in offered}
    best = max(qualities, key=lambda kind: qualities[kind])
    if not qualities[best]:
        raise HTTPException(406, f"The answer can be had as {' or '.join(offered)}, not as the call's Accept says.")
    return best


def _quality(accept: str, kind: str) -> float:
    """0..1, as the most specific range that covers the kind says."""
    found: dict[str, float] = {}
    for part in accept.split(","):
        given, *options = (each.strip().lower() for each in part.split(";"))
        weight = next((option[2:] for option in options if option.startswith("q=")), "1")
        try:
            found[given] = float(weight)
        except ValueError:
            found[given] = 0.0
    ranges = (kind, f"{kind.partition('/')[0]}/*", "*/*")
    return next((found[each] for each in ranges if each in found), 0.0)


def _limit(request: Request, rate: Rate) -> None:
    visitor = request.client.host if request.client else ""
    if wait := rate.wait(visitor):
        seconds = math.ceil(wait)
        said = f"Too many calls from your address: at most {1 / rate.apart:g} a second. Call again in {seconds} s."
        raise HTTPException(429, said, {"Retry-After": str(seconds)})


def _calls_a_second() -> float:
    given = os.environ.get(RATE_VARIABLE) or str(CALLS_A_SECOND)
    try:
        found = float(given)
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise ValueError(f"{RATE_VARIABLE} is a number of calls a second, 0 for no limit, and not '{given}'.")
    return found
