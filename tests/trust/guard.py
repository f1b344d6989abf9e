"""How a bad input may end: done, or refused in one or two lines within a limit of time; anything else did not hold."""

import re
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import Outcome

from avbaselines.errors import InputError

SECONDS = 5.0
LONGEST = 2_000
"""Characters of a message: a person has to read it."""


ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Signs that a terminal obeys, or that turn the direction of writing."""


class TooLong(BaseException):
    """The limit is over; no `except Exception` takes it for an error of the input."""


@contextmanager
def limit(seconds: float = SECONDS) -> Iterator[None]:
    """Stop what is done inside after so many seconds."""

    def stop(signum: int, frame: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def limit_memory(gigabytes: float = 6) -> None:
    """Let this process fail where it would fill the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (int(gigabytes * 2**30),) * 2)


def fault(work: Callable[[], object], seconds: float = SECONDS) -> str:
    """What is wrong with how a bad input ended; empty where nothing is."""
    began = time.perf_counter()
    try:
        with limit(seconds):
            work()
    except InputError as error:
        told = str(error)
        if told.count("\n") > 1 or len(told) > LONGEST:
            return f"a message of {told.count(chr(10)) + 1} lines and {len(told)} characters: {told[:80]!r}"
        if ACTING.search(told):
            return f"a message with signs that act on a terminal: {told[:80]!r}"
    except TooLong:
        return f"not done after {time.perf_counter() - began:.0f} s"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:120]} ({_where(error)})"
    return ""


def _where(error: BaseException) -> str:
    """The last line of the package that an error came through."""
    places = [f"{Path(f.filename).name}, line {f.lineno}" for f in traceback.extract_tb(error.__traceback__)
              if "avbaselines" in f.filename]  # fmt: skip
    return places[-1] if places else "outside of the package"


def refusal(topic: str, case: str, work: Callable[[], object], words: str = "", seconds: float = SECONDS) -> Outcome:
    """The outcome of an input that has to be refused, in a message with these words."""
    told = ""

    def tried() -> None:
        nonlocal told
        try:
            work()
        except InputError as error:
            told = str(error)
            raise

    wrong = fault(tried, seconds)
    if not wrong and not told:
        wrong = "accepted"
    elif not wrong and words not in told:
        wrong = f"refused for another reason: {told}"
    return Outcome(topic, case, not wrong, wrong or told)
