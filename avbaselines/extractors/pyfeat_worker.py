"""Runs inside the interpreter that has py-feat; nothing of avbaselines is imported here.

``pyfeat_worker.py check`` prints one line of JSON: what is installed, whether it fits, and which weights are missing.
``pyfeat_worker.py detect`` reads jobs, a line of JSON each, and answers each with a line of JSON.

Importing py-feat changes threads and torch's gradients for the whole process, which is why it gets one of its own.
"""

import importlib.metadata
import importlib.util
import json
import os
import sys
from pathlib import Path

MODELS = {"face_model": "retinaface", "landmark_model": "mobilefacenet", "au_model": "xgb"}
"""The models of Detectorv1 that action units need, beside the one for the head pose."""

# A weight is there when one of its files is; a file py-feat would fall back to counts.
WEIGHTS = {
    "py-feat/retinaface_r34": ("model.safetensors", "retinaface_r34.safetensors"),
    "py-feat/mobilefacenet": ("mobilefacenet_model_best.pth.tar",),
    "py-feat/xgb_au": ("xgb_au_classifier_v2.skops", "xgb_au_classifier.skops"),
    "py-feat/pose_mlp_v2": ("pose_mlp_v2.safetensors",),
}


def check():
    """Facts about py-feat here: ``version``, or ``problem`` (missing, mismatch, weights) and its details."""
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
    resources = Path(importlib.util.find_spec("feat").submodule_search_locations[0]) / "resources"
    missing = [repository for repository, files in WEIGHTS.items() if not _stored(resources, repository, files)]
    if missing:
        return {"problem": "weights", "missing": missing, "folder": str(resources), "versions": versions}
    return {"version": versions["py-feat"]}


def _stored(resources, repository, files):
    """Whether huggingface_hub's cache layout holds one of the files of a repository."""
    snapshots = resources / f"models--{repository.replace('/', '--')}" / "snapshots"
    return any(path.exists() for name in files for path in snapshots.glob(f"*/{name}"))


def detect():
    # py-feat and its libraries print to stdout, which here belongs to the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    detector = None
    for line in sys.stdin:
        job = json.loads(line)
        try:
            if detector is None:
                import torch

                torch.set_num_threads(1)
                from feat import Detectorv1

                detector = Detectorv1(
                    emotion_model=None, identity_model=None, gaze_model=None, device=job["device"], **MODELS
                )
            skip = job["skip_frames"] if job["skip_frames"] > 1 else None
            found = detector.detect(
                job["video"], data_type="video", batch_size=job["batch_size"], skip_frames=skip, progress_bar=False
            )
            keep = [name for name in found.columns if name.startswith(("Face", "AU")) or name in KEPT]
            found[keep].to_csv(job["table"], index=False)
            answer = {}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(answer), file=answers, flush=True)


KEPT = ("frame", "Pitch", "Roll", "Yaw")

if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        print(json.dumps(check()))
    else:
        detect()
