"""The API's description of itself: OpenAPI 3.1 for programs, a page for people."""

from html import escape
from typing import Any

from pydantic import BaseModel

import fer_models as fer
from fer_models.version import __version__
from webapp import wording
from webapp.api.parameters import ExplainCall, PredictCall
from webapp.api.picture import FIELD, FORM, MOST_BYTES

Schema = dict[str, Any]
PATHS = "/predict and /explain"
ABOUT = (
    "A picture in, what networks see in its faces out. An expression is what people would name; it does not say what a "
    f"person feels. A picture is JPEG, PNG, WebP or AVIF, at most {MOST_BYTES // 1024**2} MB and 50 megapixels; it is "
    "held in memory while it is answered, and neither kept nor logged."
)
REFUSALS = {
    400: "The form is broken or holds no file.",
    406: "The answer cannot be had in the form that was asked for.",
    413: f"More than {MOST_BYTES // 1024**2} MB.",
    415: "The body is no picture and no form.",
    422: "The picture cannot be read, or a parameter names nothing that is there.",
    429: "Too many calls from one address; Retry-After says in how many seconds the next one is answered.",
}
_REFUSAL = '{"error": "one sentence"}'
_NUMBER, _COUNT, _TEXT = {"type": "number"}, {"type": "integer"}, {"type": "string"}


def openapi(address: str) -> Schema:
    """The OpenAPI document of an API at ``address``, such as '/api'."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "FERScope", "version": __version__, "description": ABOUT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": address}],
        "paths": {
            "/predict": {"post": _operation("predict", "Which expression each face shows.", PredictCall, False)},
            "/explain": {
                "post": _operation(
                    "explain",
                    "Which places of one face speak for an expression, and which against it.",
                    ExplainCall,
                    True,
                )
            },
        },
        "components": {"schemas": _schemas()},
    }


def page(address: str, origin: str) -> str:
    """The same as a page; ``origin``, such as 'https://example.org', stands in its examples."""
    described = openapi(address)
    parts = []
    for path, operations in described["paths"].items():
        operation = operations["post"]
        rows = "".join(_row(parameter) for parameter in operation["parameters"])
        parts.append(
            f"<h2>POST {escape(address + path)}</h2><p>{escape(operation['summary'])}</p>"
            f"<pre>{escape(_example(origin + address, path))}</pre>"
            f"<div class=wide><table><tr><th>in the address<th>means<th>default</tr>{rows}</table></div>"
        )
    refusals = "".join(f"<tr><td>{code}<td>{escape(text)}</tr>" for code, text in REFUSALS.items())
    return (
        f"{_HEAD}<h1>FERScope for programs</h1><p>{escape(ABOUT)}</p>{''.join(parts)}<h2>When a call is refused</h2>"
        f"<p>The answer is {escape(_REFUSAL)}.</p><table>{refusals}</table>"
        f'<p>For programs: <a href="{escape(address)}/openapi.json">openapi.json</a>.</p></body></html>\n'
    )


def _operation(name: str, summary: str, call: type[BaseModel], has_figure: bool) -> Schema:
    good = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    if has_figure:
        good["image/png"] = {"schema": {"type": "string", "format": "binary"}}
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/refusal"}}}
    responses: Schema = {"200": {"description": "The answer.", "content": good}}
    responses |= {str(code): {"description": text, "content": refused} for code, text in REFUSALS.items()}
    wait = {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}
    responses["429"] |= {"headers": {"Retry-After": wait}}
    binary = {"schema": {"type": "string", "format": "binary"}}
    fields = {"type": "object", "properties": {FIELD: binary["schema"]}, "required": [FIELD]}
    kinds = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
    body = dict.fromkeys(kinds, binary) | {FORM: {"schema": fields}}
    return {
        "operationId": name,
        "summary": summary,
        "parameters": _parameters(call),
        "requestBody": {"required": True, "content": body},
        "responses": responses,
    }


def _parameters(call: type[BaseModel]) -> list[Schema]:
    found = []
    for name, field in call.model_json_schema()["properties"].items():
        schema = {key: value for key, value in field.items() if key not in ("title", "description", "anyOf")}
        if "anyOf" in field:  # None stands for a parameter that is not there
            schema = field["anyOf"][0]
        if name == "checkpoint":
            schema["enum"] = wording.in_papers_order(fer.list_checkpoints())
        found.append({"name": name, "in": "query", "description": field["description"], "schema": schema})
    return found


def _schemas() -> Schema:
    pair = _list(_NUMBER, exactly=2)
    face = _object(
        face=_COUNT | {"minimum": 1},
        box=_list(_COUNT, exactly=4) | {"description": "Left, top, right and bottom edge in pixels of the picture."},
        eyes={"anyOf": [_list(pair, exactly=2), {"type": "null"}], "description": "Where their centres were seen."},
        expression=_TEXT,
        probabilities={"type": "object", "additionalProperties": _NUMBER | {"minimum": 0, "maximum": 1}},
    )
    gate = _object(
        layer=_TEXT,
        kind=_TEXT,
        axes=_list(_TEXT),
        range=pair | {"description": "What this kind of gate can be, for any picture."},
        values={"type": "array", "description": "By ``axes``; a mean over channels where a gate has places."},
    )
    head: Schema = {
        "version": _TEXT,
        "checkpoint": _TEXT,
        "network": _TEXT,
        "picture": _object(width=_COUNT, height=_COUNT),
    }
    unit = "Rows of the map, signed, not resized: positive where a place raises the target's score."
    seen: Schema = {
        "face": {"$ref": "#/components/schemas/face"},
        "target": _TEXT,
        "method": _TEXT,
        "layer": {"type": ["string", "null"]},
        "unit": _TEXT,
        "map": _list(_list(_NUMBER)) | {"description": unit},
    }
    explain = _object(**head, **seen)
    explain["properties"]["gates"] = _list({"$ref": "#/components/schemas/gate"})
    return {
        "predict": _object(**head, faces=_list({"$ref": "#/components/schemas/face"})),
        "explain": explain,
        "face": face,
        "gate": gate,
        "refusal": _object(error=_TEXT),
    }


def _object(**properties: Schema) -> Schema:
    """With exactly these, all of which are there."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Schema, exactly: int | None = None) -> Schema:
    length = {} if exactly is None else {"minItems": exactly, "maxItems": exactly}
    return {"type": "array", "items": items} | length


def _row(parameter: Schema) -> str:
    schema = parameter["schema"]
    names = f" One of {', '.join(schema['enum'])}." if "enum" in schema else ""
    default = schema.get("default", "")
    default = str(default).lower() if isinstance(default, bool) else str(default)
    return f"<tr><td>{parameter['name']}<td>{escape(parameter['description'] + names)}<td>{escape(default)}</tr>"


def _example(address: str, path: str) -> str:
    sent = "--data-binary @face.jpg -H 'Content-Type: image/jpeg'"
    if path == "/predict":
        return f"curl {sent} '{address}{path}'"
    figure = f"curl {sent} -H 'Accept: image/png' -o figure.png '{address}{path}?method=occlusion'"
    return f"curl {sent} '{address}{path}?target=fear&gates=true'\n{figure}"


_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · FERScope</title><style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin: 3rem 0 0.5rem; }
pre { overflow-x: auto; padding: 0.75rem 1rem; border: 1px solid #8886; border-radius: 6px; font-size: 0.875rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9375rem; }
th, td { padding: 0.35rem 1rem 0.35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #8886; }
</style></head><body>
"""
