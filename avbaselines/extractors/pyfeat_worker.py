"""Runs inside the interpreter that has py-feat; nothing of avbaselines is imported here.

``pyfeat_worker.py check JOB`` prints a line of JSON: what is installed, whether it fits, which weights are missing.
``pyfeat_worker.py fetch JOB`` fetches weights, and prints a line of JSON for each file and one at the end.
``pyfeat_worker.py detect JOB`` loads a detector and answers ``{"ready": true}``; then it reads chunks of frames from
stdin, each a line of JSON (``shape``: frames, height, width; ``batch_size``) followed by the pixels, and answers each
with a line of JSON: the columns and rows of py-feat's table, or an error.

Importing py-feat changes threads and torch's gradients for the whole process, which is why it gets one of its own.
"""

import importlib
import importlib.metadata
import importlib.util
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

MODELS = {"face_model": "retinaface", "landmark_model": "mobilefacenet", "au_model": "xgb"}
"""The models of Detectorv1 that action units need, beside the one for the head pose."""

POSE = ("Pitch", "Roll", "Yaw")


def check(job: dict[str, Any]) -> dict[str, Any]:
    """Facts about py-feat here: ``version``, ``device``, or ``problem`` (missing, mismatch, device, weights)."""
    versions = {}
    for name in ("py-feat", "torch", "torchvision", "torchcodec"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return {"problem": "missing", "library": name, "versions": versions}
    for name in ("torch", "torchvision", "torchcodec.decoders"):
        try:
            importlib.import_module(name)
        except Exception as error:  # a mismatch shows as ImportError, RuntimeError or OSError
            return {"problem": "mismatch", "library": name, "versions": versions, "error": str(error).strip()[:300]}
    device, there = found_device(job["device"])
    if device is None:
        return {"problem": "device", "device": job["device"], "there": there, "versions": versions}
    folder = resources()
    missing = [f"{file['repository']}/{file['names'][0]}" for file in job["weights"] if not stored(folder, file)]
    if missing:
        return {"problem": "weights", "missing": missing, "folder": str(folder), "versions": versions}
    return {"version": versions["py-feat"], "device": device, "folder": str(folder)}


def found_device(asked: str) -> tuple[str | None, list[str]]:
    """torch's name of the device asked for, or None; and all devices that are there."""
    import torch

    there = ["cpu"]
    if torch.cuda.is_available():
        there.insert(0, "cuda")
    mps = getattr(torch.backends, "mps", None)
    if mps is not None and mps.is_available():
        there.append("mps")
    # py-feat mixes devices under mps, so that "auto" does not choose it
    chosen = there[0] if asked == "auto" else asked
    return (chosen if chosen in there else None), there


def resources() -> Path:
    """Folder in which py-feat looks for its weights."""
    found = importlib.util.find_spec("feat")
    assert found is not None and found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "resources"


def stored(folder: Path, file: dict[str, Any]) -> bool:
    """Whether the hub client's cache layout holds a file, or one that py-feat would fall back to."""
    kept = folder / f"models--{file['repository'].replace('/', '--')}"
    try:
        commit = (kept / "refs" / "main").read_text().strip()
    except OSError:
        return False
    return any((kept / "snapshots" / commit / name).exists() for name in file["names"])


def fetch(job: dict[str, Any]) -> dict[str, Any]:
    """Fetch every file that is not there yet; the last line says what went wrong, or how much is there."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    folder = resources()
    for number, file in enumerate(job["weights"], 1):
        say({"number": number, "of": len(job["weights"]), "file": f"{file['repository']}/{file['names'][0]}"})
        for name in file["names"]:
            try:
                hf_hub_download(repo_id=file["repository"], filename=name, cache_dir=str(folder))
                break
            except LocalEntryNotFoundError as error:  # the hub was not reached; it is an EntryNotFoundError, too
                return {"problem": "network", "error": str(error.__cause__ or error).splitlines()[0][:300]}
            except EntryNotFoundError:
                continue
            except Exception as error:
                return {"problem": type(error).__name__, "error": (str(error).splitlines() or [""])[0][:300]}
        else:
            return {"problem": "absent", "error": f"{file['repository']} has none of {', '.join(file['names'])}"}
    return {"folder": str(folder)}


def detect(job: dict[str, Any]) -> None:
    """Load the detector, then answer chunk after chunk until stdin ends."""
    import torch

    torch.set_num_threads(1)
    try:
        detector = loaded(job["detector"], job["device"])
    except Exception as error:
        say({"error": f"{type(error).__name__}: {error}"[:500]})
        return
    say({"ready": True})
    stdin = sys.stdin.buffer
    while line := stdin.readline():
        chunk = json.loads(line)
        frames, height, width = chunk["shape"]
        pixels = bytearray(stdin.read(frames * height * width * 3))
        if len(pixels) < frames * height * width * 3:
            return
        try:
            tensor = torch.frombuffer(pixels, dtype=torch.uint8).reshape(frames, height, width, 3)
            say(table(detector, tensor.permute(0, 3, 1, 2).contiguous(), chunk["batch_size"]))
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"[:500]})


def loaded(name: str, device: str) -> Any:
    """py-feat's detector, without the models that action units need not."""
    if name == "v2":
        from feat import Detectorv2

        return Detectorv2(identity_model=None, device=device)
    from feat import Detectorv1

    return Detectorv1(emotion_model=None, identity_model=None, gaze_model=None, device=device, **MODELS)


def table(detector: Any, tensor: Any, batch_size: int) -> dict[str, Any]:
    """py-feat's table of some frames: the names of the columns in use, and the rows."""
    found = detector.detect(tensor, data_type="tensor", batch_size=batch_size, progress_bar=False)
    keep = [name for name in found.columns if name.startswith(("FaceRect", "AU")) or name in ("FaceScore", *POSE)]
    keep = ["frame", *keep]
    return {"columns": keep, "rows": found[keep].to_numpy(dtype=float).tolist()}


def end_with_parent() -> None:
    """End this process when the one that started it has gone, even in the middle of a frame."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    # This folder's modules are none of py-feat's business, whatever they are called.
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != Path(__file__).resolve().parent]
    # py-feat and its libraries print to stdout, which here belongs to the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    end_with_parent()
    asked, work = sys.argv[1], json.loads(sys.argv[2])
    if asked == "detect":
        detect(work)
    else:
        say({"check": check, "fetch": fetch}[asked](work))
