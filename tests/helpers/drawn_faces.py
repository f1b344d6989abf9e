"""A drawn face that BlazeFace believes in: an oval with eyes, brows, nose and mouth."""

import numpy as np

GROUND = (70, 90, 120)


def drawn_face(size=200, mouth=0.0, brows=0.0, skin=1.0):
    """Pixels of a square picture with a face.

    ``mouth`` opens from 0 to 1, ``brows`` rise from 0 to 1, ``skin`` is how bright the skin is.
    """
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    pixels = np.full((size, size, 3), GROUND, float)

    def oval(cx, cy, rx, ry, colour, soft=30.0):
        outside = np.minimum(soft * (np.hypot((x - cx) / rx, (y - cy) / ry) - 1), 80)
        inside = 1 / (1 + np.exp(outside))
        pixels[:] = pixels * (1 - inside[..., None]) + np.array(colour) * inside[..., None]

    oval(0, -0.05, 0.33, 0.42, (50, 35, 25))
    oval(0, 0.02, 0.29, 0.36, np.array((225, 180, 150)) * skin)
    for side in (-1, 1):
        oval(side * 0.12, -0.13 - 0.03 * brows, 0.07, 0.012, (60, 40, 30))
        oval(side * 0.12, -0.06, 0.055, 0.025, (250, 250, 250))
        oval(side * 0.12, -0.06, 0.022, 0.024, (40, 30, 20))
        oval(side * 0.025, 0.085, 0.018, 0.012, np.array((160, 110, 90)) * skin)
    oval(0, 0.04, 0.025, 0.06, np.array((235, 195, 165)) * skin, 8.0)
    oval(0, 0.19 + 0.03 * mouth, 0.09, 0.028 + 0.04 * mouth, (190, 80, 80))
    oval(0, 0.19 + 0.03 * mouth, 0.07, 0.006 + 0.04 * mouth, (60, 20, 20))
    return pixels.clip(0, 255).astype(np.uint8)
