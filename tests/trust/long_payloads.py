"""Bundles that somebody crafted and resealed: named cases are refused by name, mutants are refused or predict."""

import json
import os
import random
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crafted_bundles import predict, reseal, rewrite, write_bundles
from crafted_cases import CASES, MARK, Crafted, _in_schema
from guard import fault, refusal
from harness import Outcome

TOPIC = "payloads"
PER_ROUND = 4
SECONDS = 15


def apart(work: Callable[[], str], seconds: int = SECONDS) -> str:
    """What `work` says, done in a process of its own; a crash or a hang is told."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        signal.alarm(seconds)
        with os.fdopen(writing, "w", errors="replace") as out:
            out.write(work())
            out.flush()
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        told = said.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"hang of {seconds} s" if number == signal.SIGALRM else f"killed by {signal.Signals(number).name}"
    return told


def try_case(name: str, crafted: Crafted, models: Path) -> Outcome:
    """A crafted bundle has to be refused by name, with little memory and nothing run."""
    crafted.change(models)
    outcome = refusal(TOPIC, name, lambda: predict(models, crafted.system or None), crafted.words, SECONDS)
    ran = Outcome(TOPIC, name, False, "the payload was run")
    return ran if os.environ.get(MARK) else outcome


NUMBERS = ["-1", "0", "1", "2", "-7", "99999", "2147483647", "-2147483648", "1e308", "nan", "inf", "", "x"]


def mutated_text(draw: random.Random, text: str) -> str:
    """LightGBM's text with signs changed, or a number, or a line gone or there twice."""
    kind = draw.randrange(4)
    if kind == 0:
        place = draw.randrange(len(text))
        return text[:place] + chr(draw.randrange(10, 127)) + text[place + 1 :]
    lines = text.split("\n")
    place = draw.randrange(len(lines))
    if kind == 1:
        del lines[place]
    elif kind == 2:
        lines.insert(place, lines[place])
    else:
        name, _, row = lines[place].partition("=")
        words = row.split(" ")
        words[draw.randrange(len(words))] = draw.choice(NUMBERS)
        lines[place] = f"{name}={' '.join(words)}"
    return "\n".join(lines)


def mutated_bytes(draw: random.Random, content: bytes) -> bytes:
    """Some bytes changed, put in or taken out."""
    changed = bytearray(content)
    for _ in range(draw.randrange(1, 4)):
        place = draw.randrange(len(changed))
        kind = draw.randrange(6)
        if kind < 4:
            changed[place] = draw.choice([draw.randrange(256), changed[place] ^ (1 << draw.randrange(8)), 0, 255])
        elif kind == 4:
            del changed[place : place + draw.randrange(1, 9)]
        else:
            changed[place:place] = bytes(draw.randrange(256) for _ in range(draw.randrange(1, 9)))
    return bytes(changed)


def mutated_json(draw: random.Random, content: Any) -> Any:
    """A value somewhere in the content replaced or taken out."""
    places: list[tuple[Any, Any]] = []
    waiting = [content]
    while waiting:
        part = waiting.pop()
        keys = list(part) if isinstance(part, dict) else range(len(part))
        places += [(part, key) for key in keys]
        waiting += [part[key] for key in keys if isinstance(part[key], dict | list)]
    holder, key = draw.choice(places)
    put = draw.choice([None, 0, -1, 10**12, 1.5, "", "x", "../x", [], {}, [1], {"a": 1}, True, "builtins", "dict"])
    if draw.randrange(15) == 0:
        del holder[key]
    else:
        holder[key] = put
    return content


def _only(ending: str, change: Callable[[bytes], bytes]) -> Callable[[str, bytes], bytes]:
    return lambda name, content: change(content) if name.endswith(ending) else content


def mutations(draw: random.Random) -> dict[str, tuple[str, Callable[[Path], None]]]:
    """By kind of mutant, a system and how it is changed."""

    def trees(models: Path, name: str) -> None:
        def edit(content: bytes) -> bytes:
            return _in_schema(json.loads(content), lambda text: mutated_text(draw, text))

        rewrite(models / name, _only("schema.json", edit))

    def card(models: Path, name: str) -> None:
        path = models / name / "card.json"
        path.write_text(json.dumps(mutated_json(draw, json.loads(path.read_text()))))
        reseal(models / name)

    def schema(models: Path, name: str) -> None:
        def edit(content: bytes) -> bytes:
            return json.dumps(mutated_json(draw, json.loads(content))).encode()

        rewrite(models / name, _only("schema.json", edit))

    def members(ending: str) -> Callable[[Path, str], None]:
        return lambda models, name: rewrite(models / name, _only(ending, lambda old: mutated_bytes(draw, old)))

    boosted = ("lightgbm", "moods"), ("xgboost", "feelings", "joint")
    kinds: dict[str, tuple[tuple[str, ...], Callable[[Path, str], None]]] = {
        "mutants: LightGBM's text": (boosted[0], trees),
        "mutants: XGBoost's bytes": (boosted[1], members(".bin")),
        "mutants: arrays": (("ridge", "mean", *boosted[0], *boosted[1]), members(".npy")),
        "mutants: schema": (("ridge", "mean", "moods", "joint"), schema),
        "mutants: card": (("ridge", "mean", "moods"), card),
    }
    chosen = {kind: (draw.choice(names), change) for kind, (names, change) in kinds.items()}
    return {k: (name, lambda models, n=name, c=change: c(models, n)) for k, (name, change) in chosen.items()}


def mutant(kind: str, name: str, change: Callable[[Path], None], whole: Path, models: Path) -> Outcome:
    """The outcome of one mutant: refused in a line, or a prediction."""
    shutil.rmtree(models, ignore_errors=True)
    shutil.copytree(whole, models)
    try:
        change(models)
    except (KeyError, TypeError, ValueError, AttributeError):
        return Outcome(TOPIC, kind, True, "")  # so broken that it cannot be packed again
    wrong = apart(lambda: fault(lambda: predict(models, name), SECONDS - 5))
    return Outcome(TOPIC, kind, not wrong, wrong and f"{name}: {wrong}")


def trial(rounds: int, seed: int) -> list[Outcome]:
    """All cases, and twenty mutants a round."""
    draw, outcomes = random.Random(seed), []
    with tempfile.TemporaryDirectory() as place:
        whole = write_bundles(Path(place) / "whole")
        for name, crafted in CASES.items():
            models = shutil.copytree(whole, Path(place) / "copy" / "models")
            outcomes.append(try_case(name, crafted, models))
            shutil.rmtree(models.parent)
        for _ in range(PER_ROUND * rounds):
            for kind, (name, change) in mutations(draw).items():
                outcomes.append(mutant(kind, name, change, whole, Path(place) / "mutant"))
    return outcomes
