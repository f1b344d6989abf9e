"""Small videos of plain grey frames."""

import av
import numpy as np


def filmed(path, greys=range(60, 120, 3), codec="mpeg4", rate=10, size=(64, 64)):
    """A video with a frame for each grey (0 to 255); ``size`` is width and height."""
    path.parent.mkdir(exist_ok=True)
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"qmin": "1", "qmax": "1"}  # as little loss as there can be
        for index, grey in enumerate(greys):
            pixels = np.full((size[1], size[0], 3), grey, np.uint8)
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture.pts = index
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return path
