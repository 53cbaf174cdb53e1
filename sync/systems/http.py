"""One HTTP client for one system: sign-in, gate, time-outs, request ids, and every failure as one of our errors.

Nothing is sent twice here; who may repeat what is decided above. Rules: wire.md 1.1, 1.10, 2.1, 2.7.
"""

from __future__ import annotations

import http.cookiejar
import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from sync.errors import ConfigError, SyncError, Throttled, Transient, Unavailable, Unsure
from sync.model import System
from sync.ports import Gates
from sync.systems.answers import Answer
from sync.systems.auth import BearerAuth, SignIn
from sync.systems.deadline import Deadline
from sync.systems.decisions import Step, decide, retry_after
from sync.systems.origin import base_address, inside
from sync.systems.ramp import Ramp
from sync.systems.transport import Failure, failure_of, pass_body_on, read_body
from sync.systems.trouble import Words, no_right, not_signed_in, wrong_address

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 10.0
_LONGEST_STREAM = 300.0
"""Seconds for a body that is passed on as it comes: tens of megabytes are on their way for longer than an answer."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to connect, and to wait for the answer and again for the rest of it.

    `idle` is how long a connection may rest before a new one is made: servers close resting connections, and a write
    that meets the closing is unsure.
    """

    connect: float = 10.0
    read: float = 100.0
    idle: float = 4.0

    @property
    def longest(self) -> float:
        """No request takes longer; a claim must outlive it."""
        return self.connect + 2 * self.read


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that was sent, for observers. `status` is 0 when no complete answer came."""

    system: System
    method: str
    path: str
    status: int
    seconds: float
    request_id: str


class HttpClient:
    """Sends requests to one system and judges the answers. Safe to share between threads."""

    def __init__(
        self,
        words: Words,
        base: str,
        sign_in: SignIn,
        gates: Gates,
        *,
        headers: Mapping[str, str],
        pause: Callable[[int], float],
        timeouts: Timeouts | None = None,
        ca_bundle: str | None = None,
        observer: Callable[[Exchange], None] | None = None,
        ramp: Ramp | None = None,
    ) -> None:
        """`pause` gives seconds for the n-th throttling in a row without Retry-After; `headers` go on every request;
        `ramp` holds requests up when the gate has just opened.

        Raises ConfigError when `base` is no address that tokens may be sent to.
        """
        self.base = base_address(base)
        self.words = words
        self.timeouts = timeouts or Timeouts()
        self.parallel_hint: int | None = None
        self.requests_sent = 0
        self._sign_in = sign_in
        self._auth = BearerAuth(sign_in, self.base)
        self._gates = gates
        self._ramp = Ramp(gates) if ramp is None else ramp
        self._headers = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", **headers}
        self._pause = pause
        self._verify: str | bool = ca_bundle or True
        self._observer = observer
        self._lock = threading.Lock()
        self._threads = threading.local()
        self._throttled_in_a_row = 0

    def send(
        self,
        method: str,
        url: str,
        *,
        about: str,
        writes: bool,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        until: Deadline | None = None,
        take: Callable[[bytes], object] | None = None,
        leave: Collection[Step] = (),
    ) -> Answer:
        """The answer to one request, complete; `about` names the table, `writes` says that it may change something.

        `take` gets the body of a 2xx answer piece by piece as it comes, for documents that are too long to be held;
        the answer then has none. What it raises is raised. `leave` names the steps that the caller takes itself: an
        answer that means one of them is given back.
        Gate and `until` are asked last, when the request is ready to go: a token may take its time.
        2xx and the refusals that are about a record or a link (400, 404, 409, 410, 412, 413, ...) are given back.
        Raises Throttled (nothing was done), Transient (nothing was done, or it was a read), Unsure (a write that may
        have been done), ConfigError (address, sign-in or right), Busy (it might end after `until`: nothing was sent).
        """
        url = inside(url, self.base)
        request_id = str(uuid.uuid4())
        request = self._prepared(method, url, request_id, headers or {}, body)
        self._respect_gate()
        if until is not None:
            until.respect(self.timeouts.longest, self.base)
        answer = self._exchange(request, request_id, writes, take)
        return self._judged(answer, request, about, writes, leave)

    def shut_gate(self, headers: Mapping[str, str]) -> float:
        """Shut the gate for as long as a 429 or 503 with these headers asks; gives the seconds."""
        with self._lock:
            self._throttled_in_a_row += 1
            times = self._throttled_in_a_row
        seconds = retry_after(headers) or self._pause(times)
        self._gates.shut(self.words.system, seconds)
        return seconds

    def sign_in_refused(self, answer: Answer) -> ConfigError | Transient:
        """The error of a 401; forgets the token. An expired one is renewed by itself, any other is refused for good."""
        token = self._sign_in.token(self.base)
        self._sign_in.forget()
        server = answer.server_time
        if token.expires <= max(time.time(), server.timestamp() if server else 0.0):
            return Transient(f"{self.words.name} was given a token that had expired; the next one will be new.",
                             delay=1.0, where=self.base, details=answer.details())  # fmt: skip
        return not_signed_in(self.words, self.base, answer)

    def _respect_gate(self) -> None:
        self._refuse_when_shut()
        if self._ramp.wait(self.words.system):
            self._refuse_when_shut()

    def _refuse_when_shut(self) -> None:
        delay = self._gates.delay(self.words.system)
        if delay > 0:
            raise Throttled(f"{self.words.name} asked to be left alone.", delay=delay, where=self.base)

    def _prepared(
        self, method: str, url: str, request_id: str, headers: Mapping[str, str], body: bytes | None
    ) -> requests.PreparedRequest:
        request = requests.Request(
            method,
            self.base,
            headers={**self._headers, "x-ms-client-request-id": request_id, **headers},
            data=body,
            auth=self._auth,
        ).prepare()
        # Set afterwards: requests would re-encode the address, and links are followed exactly as received.
        request.url = url
        return request

    def _exchange(
        self,
        request: requests.PreparedRequest,
        request_id: str,
        writes: bool,
        take: Callable[[bytes], object] | None,
    ) -> Answer:
        session, settings = self._session()
        with self._lock:
            self.requests_sent += 1
        started = time.monotonic()
        status = 0
        try:
            response = session.send(
                request,
                timeout=(self.timeouts.connect, self.timeouts.read),
                allow_redirects=False,
                **settings,
            )
            if take is not None and response.ok:
                body = b""
                pass_body_on(response, started + _LONGEST_STREAM, take)
            else:
                body = read_body(response, started + self.timeouts.longest - self.timeouts.read)
            status = response.status_code
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(status, headers, body, request_id)
        except requests.exceptions.RequestException as error:
            raise self._failed(failure_of(error), writes, request_id) from None
        finally:
            self._tell(request, status, time.monotonic() - started, request_id)

    def _session(self) -> tuple[requests.Session, Mapping[str, Any]]:
        """This thread's session and the settings that its requests share."""
        state = self._threads
        now = time.monotonic()
        if not hasattr(state, "session"):
            state.session = requests.Session()
            # The affinity cookie would pin us to one server (wire.md 1.10).
            state.session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
            state.settings = state.session.merge_environment_settings(self.base, {}, True, self._verify, None)
        elif now - state.used > self.timeouts.idle:
            state.session.close()
        state.used = now
        return state.session, state.settings

    def _failed(self, failure: Failure, writes: bool, request_id: str) -> SyncError:
        name, details = self.words.name, {"client_request_id": request_id}
        if failure.never_sent:
            return Unavailable(
                f"{name} cannot be reached: {failure.text}.",
                delay=_AGAIN_SECONDS,
                where=self.base,
                remedy="Check the base address, name resolution, firewall, proxy and certificate.",
                details=details,
            )
        if writes:
            return Unsure(f"No complete answer from {name} to a write: {failure.text}.", delay=_AGAIN_SECONDS,
                          where=self.base, details=details)  # fmt: skip
        return Transient(f"No complete answer from {name}: {failure.text}.", delay=_AGAIN_SECONDS, where=self.base,
                         details=details)  # fmt: skip

    def _judged(
        self, answer: Answer, request: requests.PreparedRequest, about: str, writes: bool, leave: Collection[Step]
    ) -> Answer:
        self._keep_hint(answer)
        step = decide(answer)
        if step in leave:
            return answer
        match step:
            case Step.TAKE:
                with self._lock:
                    self._throttled_in_a_row = 0
                return answer
            case Step.LEAVE_ALONE:
                raise Throttled(f"{self.words.name} answered {answer.status}.", delay=self.shut_gate(answer.headers),
                                where=self.base, details=answer.details())  # fmt: skip
            case Step.AGAIN | Step.FEWER:
                raise Transient(f"{self.words.name} was busy with the same rows.", delay=_AGAIN_SECONDS,
                                where=self.base, details=answer.details())  # fmt: skip
            case Step.UNKNOWN:
                kind = Unsure if writes else Transient
                raise kind(f"{self.words.name} answered {answer.status}.", delay=_AGAIN_SECONDS, where=self.base,
                           details=answer.details())  # fmt: skip
            case Step.SIGN_IN:
                raise self.sign_in_refused(answer)
            case Step.NO_RIGHT:
                raise no_right(self.words, self.base, about, answer)
            case Step.WRONG_ADDRESS:
                raise wrong_address(self.words, self.base, f"{request.method} {about}", answer)

    def _keep_hint(self, answer: Answer) -> None:
        hint = answer.headers.get("x-ms-dop-hint", "")
        if hint.isascii() and hint.isdigit():
            self.parallel_hint = int(hint)

    def _tell(self, request: requests.PreparedRequest, status: int, seconds: float, request_id: str) -> None:
        parts = urlsplit(request.url or "")
        path = parts.path if isinstance(parts.path, str) else ""
        log.debug(
            "%s %s %s: %s in %.0f ms, request %s",
            self.words.name, request.method, path, status or "no answer", seconds * 1000, request_id,
        )  # fmt: skip
        if self._observer is not None:
            self._observer(Exchange(self.words.system, request.method or "", path, status, seconds, request_id))
