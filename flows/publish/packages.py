"""What makes a folder of exports one that can be deposited: datapackage.json (Frictionless), croissant.json, CREDITS.txt.

Each file is listed with its size and SHA-256, each column of a CSV file with its type, unit and description.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from flows import __version__
from flows.publish import days, parquet
from flows.publish.tables import layout

if TYPE_CHECKING:
    import duckdb

CREDITS, FRICTIONLESS, CROISSANT = "CREDITS.txt", "datapackage.json", "croissant.json"
_NAME = "compute-limits"
_TITLE = "compute-limits: the computational limits of deep learning, kept alive"
_TOLD = (
    "Scaling fits, costs and forecasts of deep learning benchmarks, recomputed from published results, hardware and training "
    "compute by the method of Thompson, Greenewald, Lee and Manso, The Computational Limits of Deep Learning."
)
_PAPER = "https://arxiv.org/abs/2007.05558"
_MEDIA = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "tex": "text/x-tex",
    "bib": "text/x-bibtex",
    "json": "application/json",
    "html": "text/html",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "svg": "image/svg+xml",
    "png": "image/png",
    "txt": "text/plain",
}
_WIDTH = 100


@dataclass(frozen=True)
class Described:
    """A CSV file's table: what a row is, its columns with their types and comments, its key (of columns that are never null)."""

    told: str
    schema: pa.Schema
    comments: Mapping[str, str | None]
    key: Sequence[str]


def package(
    con: duckdb.DuckDBPyConnection, bodies: Mapping[str, bytes], tables: Mapping[str, Described]
) -> dict[str, bytes]:
    """{name: content} of the three files that describe the others.

    `bodies` are the files by their names in the folder, `tables` what is in those of them that are CSV.
    """
    made = {CREDITS: credit(con).encode()}
    listed = {**bodies, **made}
    sources = _sources(con)
    made[FRICTIONLESS] = _json(_frictionless(con, listed, tables, sources))
    made[CROISSANT] = _json(_croissant(con, listed, tables))
    return made


def credit(con: duckdb.DuckDBPyConnection) -> str:
    """What the folder is, how to cite it, and the credit and licence of each source."""
    lines = [
        _TITLE,
        f"Version {__version__}; pages retrieved {layout.days(con)}{days.days(con).limit()}.",
        "",
        *textwrap.wrap(_TOLD, _WIDTH),
        "",
        *textwrap.wrap(
            f"Please cite the paper whose method it is ({_PAPER}), compute-limits, and the sources that you use: "
            f"sources.bib has an entry each. {FRICTIONLESS} and {CROISSANT} list every file with its SHA-256, and every column "
            "with its unit and meaning.",
            _WIDTH,
        ),
        "",
        *textwrap.wrap(
            "Facts (names, dates, figures, addresses) stay under the licence of their source. What was changed: columns of prose, "
            "names of people and columns that are not used were left out, numbers are in base units, and the tables are computed.",
            _WIDTH,
        ),
        "",
    ]
    for source in _sources(con):
        lines += [f"{source['title']}", f"  {source['path']}", f"  Licence: {source['licence']}"]
        lines += textwrap.wrap(f"Credit: {source['credit']}", _WIDTH, initial_indent="  ", subsequent_indent="  ")
        lines += [f"  Newest page: {source['retrieved_on']}" if source["retrieved_on"] else "  No page in use", ""]
    return "\n".join(lines)


def _sources(con: duckdb.DuckDBPyConnection) -> list[dict[str, str]]:
    cursor = con.execute(
        "select source as name, title, homepage as path, licence, attribution as credit, retrieved_on "
        "from exports.sources order by source"
    )
    names = [column for column, *_ in cursor.description or ()]
    return [
        {name: "" if value is None else str(value) for name, value in zip(names, row, strict=True)}
        for row in cursor.fetchall()
    ]


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _frictionless(
    con: duckdb.DuckDBPyConnection,
    bodies: Mapping[str, bytes],
    tables: Mapping[str, Described],
    sources: Sequence[Mapping[str, str]],
) -> dict[str, Any]:
    both = days.days(con)
    return {
        "profile": "data-package",
        "name": _NAME,
        "title": _TITLE,
        "description": f"{_TOLD} Pages retrieved {layout.days(con)}{both.limit()}.",
        "version": __version__,
        **dict(zip(days.COLUMNS, both.texts(), strict=True)),
        "homepage": _PAPER,
        "licenses": [{"name": "other-open", "title": "Each source's own licence", "path": CREDITS}],
        "sources": [{key: value for key, value in source.items() if value} for source in sources],
        "resources": [_resource(name, body, tables.get(name)) for name, body in sorted(bodies.items())],
    }


def _resource(name: str, body: bytes, table: Described | None) -> dict[str, Any]:
    path = PurePosixPath(name)
    made: dict[str, Any] = {
        "name": name.lower().replace("/", "-").replace(".", "-").replace("_", "-"),
        "path": name,
        "format": path.suffix[1:],
        "mediatype": _MEDIA.get(path.suffix[1:], "application/octet-stream"),
        "bytes": len(body),
        "hash": f"sha256:{_sha256(body)}",
    }
    if table is None:
        # Else whoever reads it guesses a table from JSON and Parquet.
        return {**made, "type": "file"}
    fields = [
        {
            "name": field.name,
            "type": _kind(field.type),
            **({"description": told} if (told := table.comments.get(field.name)) else {}),
            **({"unit": unit} if (unit := parquet.unit(field.name)) else {}),
            **({"trueValues": ["True"], "falseValues": ["False"]} if pa.types.is_boolean(field.type) else {}),
        }
        for field in table.schema
    ]
    schema = {"fields": fields, "missingValues": [""]} | ({"primaryKey": list(table.key)} if table.key else {})
    return {
        **made,
        "type": "table",
        "profile": "tabular-data-resource",
        "description": table.told,
        "encoding": "utf-8",
        "schema": schema,
    }


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    return "date" if pa.types.is_date(kind) else "string"


_OF_CROISSANT = {
    "boolean": "sc:Boolean",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "date": "sc:Date",
    "string": "sc:Text",
}
# The context that version 1.0 of the format prescribes.
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def _croissant(
    con: duckdb.DuckDBPyConnection, bodies: Mapping[str, bytes], tables: Mapping[str, Described]
) -> dict[str, Any]:
    newest = layout.days(con)[-10:]
    licences = sorted({source["licence"] for source in _sources(con)})
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": _NAME,
        "description": f"{_TOLD} It is {days.days(con).sentence()}.",
        "url": _PAPER,
        # As published: the day of the newest page, for there is no clock in the warehouse.
        "datePublished": newest,
        "version": __version__,
        "license": licences,
        "creator": {"@type": "sc:Organization", "name": "The compute-limits contributors"},
        "citeAs": f"The compute-limits contributors, {_TITLE}, version {__version__}; and the paper whose method it is, {_PAPER}",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": name,
                "name": name,
                "contentUrl": name,
                "contentSize": f"{len(body)} B",
                "encodingFormat": _MEDIA.get(PurePosixPath(name).suffix[1:], "application/octet-stream"),
                "sha256": _sha256(body),
            }
            for name, body in sorted(bodies.items())
        ],
        "recordSet": [_record_set(name, table) for name, table in sorted(tables.items())],
    }


def _record_set(name: str, table: Described) -> dict[str, Any]:
    own = name.removesuffix(".csv")
    key = {"key": [{"@id": f"{own}/{column}"} for column in table.key]} if table.key else {}
    return {
        "@type": "cr:RecordSet",
        "@id": own,
        "name": own,
        "description": table.told,
        **key,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{own}/{field.name}",
                "name": f"{own}/{field.name}",
                "description": _described(field.name, table.comments.get(field.name)),
                "dataType": _OF_CROISSANT[_kind(field.type)],
                "source": {"fileObject": {"@id": name}, "extract": {"column": field.name}},
            }
            for field in table.schema
        ],
    }


def _described(column: str, told: str | None) -> str:
    unit = parquet.unit(column)
    return f"{told or column.replace('_', ' ')}{f' [{unit}]' if unit else ''}"


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
