"""The queue listener: fetch, hide, run, complete (functions-host.md 1).

Threads: one fetches, one renews, and one for each message that is being worked on, at most batchSize +
newBatchThreshold of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from azure.core.exceptions import AzureError, HttpResponseError

from local.host.counters import Counters
from local.host.engine import Engine
from local.host.functions import Function
from local.host.messages import Held, NotBase64Error, datum_of
from local.host.options import QueueOptions
from local.host.polling import Backoff
from local.host.storage_queue import StorageQueue

logger = logging.getLogger("host.queues")


class QueueListener:
    """Runs one function for the messages of one queue until stopped.

    `hiding` is for how many seconds a received message is hidden; the real host has 600. `fail` is called with a
    sentence when storage refuses to complete a message, which stops the real host too.
    """

    def __init__(
        self,
        function: Function,
        queue: StorageQueue,
        options: QueueOptions,
        engine: Engine,
        counters: Counters,
        hiding: int,
        fail: Callable[[str], None],
    ) -> None:
        self._function, self._queue, self._options = function, queue, options
        self._engine, self._counters, self._hiding, self._fail = engine, counters, hiding, fail
        most = options.batch_size + options.new_batch_threshold
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix=function.name)
        self._changed = threading.Condition()
        self._held: set[Held] = set()
        self._stopping = threading.Event()
        self._log = {"function": function.name}
        self._fetcher = threading.Thread(target=self._fetch_until_stopped, name=f"{function.name} fetch", daemon=True)
        self._renewer = threading.Thread(target=self._renew_until_done, name=f"{function.name} renew", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._fetcher.start()
        self._renewer.start()

    def stop(self) -> None:
        """Fetch no more; return at once."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()

    def join(self) -> None:
        """After `stop`: wait until every message that was received is completed."""
        self._fetcher.join()
        self._pool.shutdown(wait=True)
        with self._changed:
            self._changed.notify_all()
        self._renewer.join()

    def _fetch_until_stopped(self) -> None:
        pause = Backoff(self._options.max_polling_interval)
        while self._wait_for_room():
            messages = self._receive()
            if not messages:
                self._stopping.wait(pause.next())
                continue
            pause.reset()
            with self._changed:
                self._held.update(messages)
                self._changed.notify_all()
            for message in messages:
                self._pool.submit(self._work_on, message)

    def _wait_for_room(self) -> bool:
        """Wait until no more than newBatchThreshold messages are being worked on; False when stopping."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopping.is_set() or len(self._held) <= self._options.new_batch_threshold
            )
        return not self._stopping.is_set()

    def _receive(self) -> list[Held]:
        try:
            return self._queue.receive(self._options.batch_size, self._hiding)
        except AzureError as error:
            if isinstance(error, HttpResponseError) and error.status_code is not None and error.status_code < 500:
                self._fail(f"Queue {self._queue.name} cannot be read: {_short(error)}")
            else:
                logger.warning("Queue %s does not answer: %s", self._queue.name, _short(error), extra=self._log)
            return []

    def _work_on(self, message: Held) -> None:
        try:
            self._process(message)
        except AzureError as error:
            self._fail(f"A message of queue {self._queue.name} cannot be completed: {_short(error)}")
        finally:
            with self._changed:
                self._held.discard(message)
                self._changed.notify_all()

    def _process(self, message: Held) -> None:
        if message.dequeue_count > self._options.max_dequeue_count:
            self._finish(message, self._to_poison)
            return
        try:
            body = message.body(self._options.base64)
        except NotBase64Error as error:
            logger.error("%s", error, extra=self._log)
            self._finish(message, self._to_poison)
            return
        inputs = [(self._function.parameter, datum_of(body))]
        metadata = message.metadata(body.decode(errors="replace"))
        result = self._engine.invoke(self._function.name, self._function.function_id, inputs, metadata)
        self._finish(message, self._queue.delete if result.ok else self._failed)

    def _finish(self, message: Held, action: Callable[[Held], None]) -> None:
        """End the renewal, wait for one under way, then act with the newest pop receipt."""
        with message.lock:
            message.finished = True
        action(message)

    def _failed(self, message: Held) -> None:
        if not self._queue.has_poison:
            return  # It stays hidden: showing it at once would be an endless fast loop.
        if message.dequeue_count >= self._options.max_dequeue_count:
            self._to_poison(message)
        else:
            self._queue.hide(message, self._options.visibility_timeout)

    def _to_poison(self, message: Held) -> None:
        if self._queue.has_poison:
            logger.warning("Message %s goes to the poison queue", message.id, extra=self._log)
            self._counters.poisoned(self._function.name)
            self._queue.to_poison(message)

    def _renew_until_done(self) -> None:
        while True:
            with self._changed:
                due = min((message.due for message in self._held if not message.finished), default=None)
                if due is None and self._stopping.is_set() and not self._fetcher.is_alive():
                    return
                self._changed.wait(None if due is None else max(0.0, due - time.monotonic()))
                late = [message for message in self._held if message.due <= time.monotonic()]
            for message in late:
                self._renew(message)

    def _renew(self, message: Held) -> None:
        with message.lock:
            if message.finished:
                return
            try:
                if not self._queue.hide(message, self._hiding):
                    logger.warning("Message %s was taken by another host", message.id, extra=self._log)
                    message.finished = True
            except AzureError as error:
                logger.warning("Message %s was not renewed: %s", message.id, _short(error), extra=self._log)
                message.due = time.monotonic() + self._hiding / 8


def _short(error: AzureError) -> str:
    return str(error.message).partition("\n")[0]
