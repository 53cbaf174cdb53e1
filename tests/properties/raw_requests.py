"""Requests that no well-behaved client sends, made of the words that a server takes apart."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

GUID = "00000001-000a-4000-8000-000000000008"
METHODS = st.sampled_from(["GET", "GET", "GET", "POST", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "MERGE"])
_CHARACTERS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=6)
_ESCAPES = ("%20", "%27", "%2F", "%25", "%00", "%0A", "%FF", "%C3%28", "%zz", "%", "%F0%9F%98%80", "+")


@dataclass(frozen=True)
class Raw:
    """A request as it goes over the wire; `target` is below the service root."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Vocabulary:
    """What a server knows by name: the segments of its paths, its columns, whole queries that are good."""

    segments: tuple[str, ...]
    columns: tuple[str, ...]
    queries: tuple[str, ...]
    values: tuple[Any, ...]


class Client:
    """Sends what it is told over one connection, which the server must not close on it."""

    def __init__(self, root: str) -> None:
        """`root` is the address of the service root, with a slash at the end."""
        parts = urlsplit(root)
        self._root = parts.path
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=30)

    def send(self, raw: Raw) -> Answered:
        """The answer; raises what `http.client` raises when there is none."""
        self._connection.putrequest(raw.method, self._root + raw.target)
        self._connection.putheader("Authorization", "Bearer anything")
        for name, value in raw.headers.items():
            self._connection.putheader(name, value.encode("latin-1", "replace"))
        self._connection.putheader("Content-Length", str(len(raw.body)))
        self._connection.endheaders(raw.body)
        answer = self._connection.getresponse()
        return Answered(answer.status, answer.getheader("Content-Type", ""), answer.read())

    def close(self) -> None:
        self._connection.close()


def raw_requests(words: Vocabulary) -> SearchStrategy[Raw]:
    """Requests with paths, queries, headers and bodies out of these words and out of noise."""
    plain = st.builds(Raw, METHODS, targets(words), headers(), bodies(words))
    batch = st.builds(
        Raw,
        st.just("POST"),
        st.just("$batch"),
        headers().map(lambda given: {**given, "Content-Type": "multipart/mixed; boundary=b"}),
        batches(words),
    )
    return plain | batch


def targets(words: Vocabulary) -> SearchStrategy[str]:
    """Paths with queries, without blanks and control characters."""
    key = st.one_of(
        st.just(f"({GUID})"),
        st.lists(_pieces(words), max_size=6).map(lambda pieces: f"({''.join(pieces)})"),
        st.sampled_from(["()", "(", ")", "(null)", "('')", "(1)", "(dataAreaId='usmf',CustomerAccount='C1')"]),
    )
    segment = st.sampled_from(words.segments) | _CHARACTERS.map(_path)
    rest = st.lists(st.one_of(key, segment.map(lambda text: "/" + text)), max_size=3).map("".join)
    option = st.one_of(
        st.sampled_from(words.queries),
        st.builds(
            lambda name, value: f"{name}={''.join(value)}",
            st.sampled_from(["$filter", "$select", "$orderby", "$top", "$expand", "$count", "$skiptoken", "$deltatoken",
                             "$apply", "$skip", "$search", "$format", "sql", "cross-company", "@a", ""]),
            st.lists(_pieces(words), max_size=8),
        ),
    )  # fmt: skip
    query = st.lists(option, max_size=3).map(lambda options: "?" + "&".join(options) if options else "")
    # A line feed in a path is answered by what stands before both servers.
    path = st.builds(lambda *parts: "".join(parts).replace("%0A", ""), segment, rest)
    return st.builds(lambda *parts: "".join(parts), path, query).map(lambda text: text.replace(" ", "%20"))


def headers() -> SearchStrategy[dict[str, str]]:
    """Headers that mean something, with values that may not."""
    noise = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=10)
    noise = noise.map(str.strip)
    return st.fixed_dictionaries(
        {
            "Content-Type": st.sampled_from(["application/json"] * 4 + ["text/plain", "",
                "application/json;charset=utf-16",
                                             "multipart/mixed", "multipart/mixed; boundary=",
                                             'multipart/mixed; boundary="']),
        },
        optional={
            "If-Match": st.sampled_from(["*", 'W/"1"', '"', "W/"]) | noise,
            "If-None-Match": st.sampled_from(["*", "null", 'W/"900001"']) | noise,
            "Prefer": st.sampled_from(["return=representation", "odata.track-changes", "odata.maxpagesize=2",
                                       "odata.maxpagesize=-1", 'odata.include-annotations="*"',
                                       "odata.continue-on-error"])
            | noise,
            "Accept": st.sampled_from(["application/json;odata.metadata=full", "text/html"]) | noise,
            "OData-Version": noise,
            "Accept-Charset": noise,
            "Content-Encoding": st.sampled_from(["gzip", "identity", "br"]),
            "MSCRM.SuppressDuplicateDetection": st.sampled_from(["false", "true", "?"]),
            "MSCRM.BypassBusinessLogicExecution": noise,
            "CallerObjectId": noise,
            "x-ms-client-request-id": noise,
        },
    )  # fmt: skip


def bodies(words: Vocabulary) -> SearchStrategy[bytes]:
    """JSON about known and unknown columns, JSON of other forms, and noise."""
    leaf = st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8),
        st.sampled_from(words.values),
    )  # fmt: skip
    names = st.sampled_from([*words.columns, "@odata.type", "@odata.id", "@odata.etag", "Targets", "value", "", "@"])
    value = st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
    )
    document = st.dictionaries(names, value, max_size=5) | value
    return st.one_of(
        document.map(lambda given: json.dumps(given).encode()),
        document.map(lambda given: json.dumps(given).encode()[:-1]),
        document.map(lambda given: json.dumps(given, ensure_ascii=False).encode("utf-16", "surrogatepass")),
        st.sampled_from([b"", b"{}", b"null", b'{"name":"\xff"}', b'{"name":"\\ud800"}', b'{"name":NaN}',
            b"\xef\xbb\xbf{}",
                         b'{"name":1,"name":2}', b'{"name":1e999}', b"[" * 3000]),
        st.binary(max_size=20),
    )  # fmt: skip


@st.composite
def batches(draw: Callable[[SearchStrategy[Any]], Any], words: Vocabulary) -> bytes:
    """Batches of such requests, some with lines that were lost, doubled, cut or changed."""
    lines: list[bytes] = []
    for place in range(draw(st.integers(0, 3))):
        in_change_set = draw(st.booleans())
        if in_change_set:
            lines += [b"--b", b"Content-Type: multipart/mixed; boundary=c%d" % place, b""]
        for number in range(draw(st.integers(1, 2)) if in_change_set else 1):
            lines.append(b"--c%d" % place if in_change_set else b"--b")
            lines += [b"Content-Type: application/http", b"Content-Transfer-Encoding: binary"]
            if draw(st.booleans()):
                lines.append(b"Content-ID: %d" % draw(st.integers(0, 3)))
            target = draw(
                targets(words) | st.sampled_from(["$1", "$1/name", f"$0({GUID})", "/", "http://x/y", "$batch"])
            )
            lines += [b"", f"{draw(METHODS)} {target} HTTP/1.1".encode(), b"Content-Type: application/json"]
            lines += [b"", draw(bodies(words)) if number or draw(st.booleans()) else b""]
        if in_change_set:
            lines.append(b"--c%d--" % place)
    lines.append(b"--b--")
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        place = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["lose", "double", "cut", "change"])):
            case "lose" if len(lines) > 1:
                del lines[place]
            case "double":
                lines.insert(place, lines[place])
            case "cut":
                lines[place] = lines[place][: draw(st.integers(0, 12))]
            case _:
                lines[place] = draw(st.binary(max_size=12))
    ends: bytes = draw(st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n"]))
    return ends.join([*lines, b""])


def _pieces(words: Vocabulary) -> SearchStrategy[str]:
    """Bits of expressions."""
    return st.one_of(
        st.sampled_from(words.columns),
        st.sampled_from([" eq ", " and ", " or ", "not ", "(", ")", ",", "'", "''", "null", "true", "-1", "1.5",
            "1e400",
                         "contains", "startswith", "Microsoft.Dynamics.CRM.In", "PropertyName=", "PropertyValues=[",
                         "]",
                         " in ", " has ", "/", "*", " asc", " desc", "=", ":", "@a", "$count", "any", "x:x", GUID,
                         "2026-01-01T00:00:00Z", "99999999999999999999", *_ESCAPES]),
        _CHARACTERS.map(_path),
    )  # fmt: skip


def _path(text: str) -> str:
    """Noise without what would end the path."""
    return text.replace("#", "").replace("?", "")
