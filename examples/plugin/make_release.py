"""Makes the tiny release of this template: 48 clips of 8 speakers, each rated by three people."""

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent / "release"


def main() -> None:
    """Write ratings.tsv and features.csv."""
    rng = np.random.default_rng(0)
    speakers = np.repeat([f"s{number}" for number in range(8)], 6)
    files = [f"clip{number:02d}" for number in range(48)]
    arousal = rng.normal(size=48)
    features = arousal[:, None] * [1.0, 0.6, 0.0] + rng.normal(scale=0.7, size=(48, 3))
    pd.DataFrame(features.round(3), columns=["energy", "pitch", "rate"]).assign(clip_id=files).to_csv(
        FOLDER / "features.csv", index=False
    )
    ratings = [
        (file, speaker, rater, int(np.clip(round(4 + 1.3 * value + rng.normal(scale=0.6)), 1, 7)))
        for file, speaker, value in zip(files, speakers, arousal, strict=True)
        for rater in ("anna", "ben", "cleo")
        if (file, rater) not in {("clip07", "ben"), ("clip07", "cleo")}
    ]
    table = pd.DataFrame(ratings, columns=["file", "speaker", "rater", "arousal"])
    table.to_csv(FOLDER / "ratings.tsv", sep="\t", index=False)


if __name__ == "__main__":
    main()
