"""The storage clock: wrong by less than a second, whatever this machine's clock says."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import format_datetime

from sync.stores.clock import StorageClock

TRUE = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


class Service:
    """A service whose clock is `ahead` of this machine's, as its answers tell it."""

    def __init__(self, ahead: float) -> None:
        self.local = TRUE
        self.ahead = ahead
        self.clock = StorageClock(self.answer, lambda: self.local)

    def answer(self, seconds: float = 0.02) -> None:
        sent = self.local
        stamped = datetime.fromtimestamp(sent + seconds / 2 + self.ahead, UTC)
        self.local += seconds
        self.clock.observe(format_datetime(stamped.replace(microsecond=0), usegmt=True), sent, self.local)

    @property
    def error(self) -> float:
        return self.clock.now().timestamp() - (self.local + self.ahead)


def test_the_first_question_is_answered_by_asking_the_service() -> None:
    for ahead in (0.0, 0.4, 0.99, -3600.3, 86400.0):
        assert abs(Service(ahead).error) < 1.0


def test_many_answers_make_it_sharp() -> None:
    service, random_ = Service(-12.34), random.Random(1)
    for _ in range(200):
        service.local += random_.uniform(0.0, 3.0)
        service.answer(random_.uniform(0.005, 0.2))
        assert abs(service.error) < 1.0
    assert abs(service.error) < 0.2


def test_a_slow_answer_does_not_spoil_what_is_known() -> None:
    service, random_ = Service(5.5), random.Random(2)
    for _ in range(100):
        service.local += random_.uniform(0.0, 3.0)
        service.answer()
    service.answer(59.0)
    assert abs(service.error) < 0.2


def test_a_machine_whose_clock_is_set_is_believed_again_with_the_next_answer() -> None:
    service = Service(0.0)
    service.answer()
    service.local += 7200
    service.ahead -= 7200
    service.answer()
    assert abs(service.error) < 1.0
