"""Tables and recordings that are bad by design or by chance: read, or refused in a line or two."""

import struct
import tempfile
from pathlib import Path

from case_types import load
from guard import fault, limit_memory, refusal
from harness import Outcome
from hostile_tables import CASES, Bad, binaries, label_bomb, tables, write, write_bad
from hypothesis import Phase, given, seed, settings
from long_studies import QUIET

from avbaselines.corpora.readers import mer2023
from avbaselines.errors import InputError
from avbaselines.extractors.media import MediaError, read_sound

TOPIC = "tables"
PER_ROUND = 15


def try_case(name: str, bad: Bad, folder: Path) -> Outcome:
    """A bad table is refused, or read and said to be bad."""
    wanted = write_bad(folder, bad)
    if not bad.read:
        return refusal(TOPIC, name, lambda: load(folder, wanted), bad.words)
    notes: list[str] = []
    wrong = fault(lambda: notes.extend(load(folder, wanted).notes))
    said = [note for note in notes if bad.words in note]
    return Outcome(TOPIC, name, not wrong and bool(said), wrong or (said[0] if said else "not a word of it"))


def wave(rate: int, samples: int) -> bytes:
    """A wav of zeros."""
    head = struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16)
    return b"RIFF" + struct.pack("<I", 36 + 2 * samples) + b"WAVEfmt " + head + b"data" + struct.pack(
        "<I", 2 * samples
    ) + bytes(2 * samples)  # fmt: skip


def slow_wave(folder: Path) -> Outcome:
    """64 kB at 1 Hz ask for a gigabyte at 16 kHz."""
    (folder / "slow.wav").write_bytes(wave(1, 32_000))

    def read() -> None:
        try:
            read_sound(folder / "slow.wav")
        except MediaError as error:  # which the table of the extraction shows
            raise InputError(str(error)) from None

    return refusal(TOPIC, "a wav of 1 Hz", read, "a sampling rate of 1 Hz")


def bomb_of_labels(folder: Path) -> Outcome:
    """10^9 labels in a few hundred bytes."""
    (folder / "mer").mkdir()
    (folder / "mer" / "label-6way.npz").write_bytes(label_bomb())
    options = mer2023.Options(layout="processed", parts=["train"])
    return refusal(TOPIC, "a label archive with a bomb", lambda: mer2023.read(options, folder / "mer"), "plain labels")


def mutants(folder: Path, strategy, case: str, number: int, start: int) -> list[Outcome]:
    """The outcomes of so many mutants."""
    found: list[Outcome] = []

    @seed(start)
    @settings(max_examples=number, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=QUIET)
    @given(strategy)
    def tried(files: dict[str, bytes]) -> None:
        wanted = write(folder, files)
        wrong = fault(lambda: load(folder, wanted))
        found.append(Outcome(TOPIC, case, not wrong, wrong and f"{wrong} of {files!r}"))

    tried()
    return found


def trial(rounds: int, seed: int) -> list[Outcome]:
    """Named cases, and thirty mutants a round."""
    limit_memory()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [
            *(try_case(case, bad, folder) for case, bad in CASES.items()),
            slow_wave(folder),
            bomb_of_labels(folder),
            *mutants(folder, tables(), "mutants: csv", PER_ROUND * rounds, seed),
            *mutants(folder, binaries(), "mutants: npz and parquet", PER_ROUND * rounds, seed + 1),
        ]
