"""A face mesh whose models are played by the grey of the picture, where the packages of the real one may be absent."""

import numpy as np
import pytest

from avbaselines.extractors import face_mesh, mesh_models
from avbaselines.extractors.mesh_geometry import CANONICAL, RIGID
from avbaselines.extractors.mesh_models import Face


class GreyMesh:
    """Bright pictures show one frontal face with an open mouth as wide as they are bright, dark ones none."""

    def find(self, pixels, min_score=0.5):
        grey = pixels.mean()
        if grey < 20:
            return []
        points = np.zeros((468, 3))
        points[RIGID] = CANONICAL * [3, -3, -3] + [32, 32, 0]
        points[14] = [32, 40 + grey / 10, 0]
        return [Face(0.99, points)]


@pytest.fixture
def stub_mesh(monkeypatch):
    """The face mesh's models replaced in this process."""
    monkeypatch.setattr(mesh_models, "check", lambda: "stand-in")
    monkeypatch.setattr(face_mesh, "_mesh", GreyMesh)
