"""The documentation page: the API's own description, laid out for reading. No script, nobody else's code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]


def operations(schema: Schema) -> list[dict[str, Any]]:
    """Every operation by address: method, summary, parameters, body's fields, statuses."""
    return [
        {
            "method": method.upper(),
            "path": path,
            "id": operation["operationId"],
            "summary": operation.get("summary", ""),
            "parameters": [
                {
                    "name": given["name"],
                    "required": given.get("required", False),
                    "kind": given["schema"].get("format", ""),
                    "choices": given["schema"].get("enum", []),
                    "text": given.get("description", ""),
                }
                for given in operation.get("parameters", [])
            ],
            "fields": list(_fields(_body(operation), schema)),
            "answers": list(_fields(_answer(operation), schema)),
            "statuses": [{"code": code, "text": answer.get("description", "")} for code, answer in sorted(operation["responses"].items())],
        }
        for path, methods in sorted(schema["paths"].items())
        for method, operation in methods.items()
    ]


def _body(operation: Schema) -> Schema:
    return _of_content(operation.get("requestBody", {}))


def _answer(operation: Schema) -> Schema:
    return _of_content(next((answer for code, answer in operation["responses"].items() if code.startswith("2")), {}))


def _of_content(holder: Schema) -> Schema:
    kinds: list[Schema] = list(holder.get("content", {}).values())
    found: Schema = kinds[0]["schema"] if kinds else {}
    return found


def _fields(of: Schema, schema: Schema, path: str = "", required: bool = True) -> Iterator[dict[str, Any]]:
    """Fields with nested names, each with its kind, whether it must be there, its choices and its length."""
    of = _resolved(of, schema)
    if of.get("type") == "array" and path:
        yield from _fields(of["items"], schema, f"{path}[]", required)
    elif "properties" in of:
        needed = of.get("required", [])
        for name, inner in of["properties"].items():
            yield from _fields(inner, schema, f"{path}.{name}" if path else name, name in needed)
    elif path:
        kinds = of.get("type", "")
        yield {
            "name": path,
            "required": required,
            "kind": of.get("format") or (", ".join(kinds) if isinstance(kinds, list) else kinds),
            "choices": [choice for choice in of.get("enum", []) if choice],
            "longest": of.get("maxLength"),
            "text": of.get("description", ""),
        }


def _resolved(of: Schema, schema: Schema) -> Schema:
    if "allOf" in of:
        return _resolved(of["allOf"][0], schema)
    if "oneOf" in of:
        return _resolved(next(option for option in of["oneOf"] if option.get("type") != "null"), schema)
    if "$ref" in of:
        found: Schema = schema["components"]["schemas"][of["$ref"].rsplit("/", 1)[-1]]
        return found
    return of
