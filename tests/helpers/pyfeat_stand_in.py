"""A stand-in for py-feat and its libraries: packages for an interpreter's path, with the real signatures."""

import os
from pathlib import Path

from avbaselines.extractors.pyfeat_weights import WEIGHTS, folder_of

LIBRARIES = {"py-feat": "2.1.5", "torch": "2.13.0+cpu", "torchvision": "0.29.2", "torchcodec": "0.17.0"}

TORCH = """
import numpy

uint8 = numpy.uint8

class cuda:
    is_available = staticmethod(lambda: False)

class backends:
    pass

class Tensor(numpy.ndarray):
    def permute(self, *axes):
        return self.transpose(*axes)

    def contiguous(self):
        return self

def set_num_threads(n):
    assert n == 1

def frombuffer(buffer, dtype):
    return numpy.frombuffer(buffer, dtype).view(Tensor)
"""

# The grey of a frame says what becomes of it: see `grey` in the tests.
DETECTOR = """
import os, time
import numpy as np
import pandas as pd

class _Detector:
    def detect(self, inputs, data_type, batch_size, progress_bar):
        assert data_type == "tensor" and not progress_bar and inputs.shape[1] == 3
        greys = np.asarray(inputs).mean(axis=(1, 2, 3))
        with open(os.environ["SEEN"], "a") as seen:
            for grey in greys:
                height, width = inputs.shape[2:]
                offline = os.environ["HF_HUB_OFFLINE"]
                seen.write(f"{type(self).__name__} {grey:.0f} {width}x{height} {batch_size} {offline}\\n")
        if greys[0] > 240:
            os._exit(3)
        if greys[0] > 210:
            raise ValueError("cannot see")
        if greys[0] > 180:
            time.sleep(60)
        if greys[0] > 150:
            time.sleep(0.1 * len(greys))
        rows = []
        for frame, grey in enumerate(greys):
            face = np.nan if grey < 20 else 0.99
            rows.append({
                "FaceRectX": 10.0, "FaceRectY": 5.0, "FaceRectWidth": 20.0, "FaceRectHeight": 30.0, "FaceScore": face,
                "x_0": 1.0, "Pitch": np.radians(1.0), "Roll": np.radians(2.0), "Yaw": np.radians(3.0), "AU06": 0.9,
                "AU12": (grey - 60) / 60, "anger": 0.1, "frame": frame, "input": "tensor",
            })
        return pd.DataFrame(rows)

class Detectorv1(_Detector):
    def __init__(self, **models):
        assert models["emotion_model"] is models["identity_model"] is models["gaze_model"] is None
        print("py-feat talks to stdout")

class Detectorv2(_Detector):
    def __init__(self, identity_model, device):
        assert identity_model is None and device == "cpu"
"""

HUB = """
import os, shutil

from . import errors

def hf_hub_download(repo_id, filename, cache_dir):
    assert "HF_HUB_OFFLINE" not in os.environ
    source = os.path.join(os.environ["HF_ENDPOINT"], repo_id, filename)
    if not os.path.isdir(os.environ["HF_ENDPOINT"]):
        raise errors.LocalEntryNotFoundError("cannot reach the hub")
    if not os.path.exists(source):
        raise errors.EntryNotFoundError(filename)
    kept = os.path.join(cache_dir, "models--" + repo_id.replace("/", "--"))
    for folder in ("refs", "snapshots/c0"):
        os.makedirs(os.path.join(kept, folder), exist_ok=True)
    with open(os.path.join(kept, "refs/main"), "w") as stream:
        stream.write("c0")
    return shutil.copy(source, os.path.join(kept, "snapshots/c0", filename))
"""
ERRORS = """
class EntryNotFoundError(Exception):
    pass

class LocalEntryNotFoundError(EntryNotFoundError):
    pass
"""


def lay_out(site: Path) -> Path:
    """Write the stand-ins below a folder, with all weights in their places."""
    for name, version in LIBRARIES.items():
        information = site / f"{name.replace('-', '_')}-{version}.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    for path, text in {
        "torch/__init__.py": TORCH,
        "torchvision/__init__.py": "",
        "torchcodec/__init__.py": "",
        "torchcodec/decoders.py": "",
        "feat/__init__.py": DETECTOR,
        "huggingface_hub/__init__.py": HUB,
        "huggingface_hub/errors.py": ERRORS,
    }.items():
        (site / path).parent.mkdir(exist_ok=True)
        (site / path).write_text(text)
    for files in WEIGHTS.values():
        for file in files:
            kept = site / "feat/resources" / folder_of(file.repository)
            (kept / "snapshots/abc").mkdir(parents=True, exist_ok=True)
            (kept / "snapshots/abc" / file.names[-1]).write_bytes(b"")
            (kept / "refs").mkdir(exist_ok=True)
            (kept / "refs/main").write_text("abc")
    return site


def on_path(site: Path) -> str:
    """PYTHONPATH on which the stand-ins come first."""
    return f"{site}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
