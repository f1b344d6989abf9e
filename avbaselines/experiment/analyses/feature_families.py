"""Families of features by the names that openSMILE and face tools give them."""

import re
from collections.abc import Sequence

__all__ = ["OTHER", "families", "family"]

# First match wins. Descriptors of openSMILE's eGeMAPS, GeMAPS, ComParE 2016 and emobase sets, sorted as in F. Eyben et
# al. 2016, "The Geneva minimalistic acoustic parameter set" (tempo counted as prosody, formants as spectrum).
_FAMILIES = (
    ("voice quality", r"jitter|shimmer|(log)?HNR|logRelF0-|voicing|voiceProb"),
    ("prosody", r"F0|loudness|equivalentSoundLevel|pcm_(RMSenergy|intensity|loudness)|audspec(Rasta)?_lengthL1norm"),
    ("prosody", r"(Voiced|Mean(Unv|V)oiced|Std[Dd]ev(Unv|V)oiced)Segment"),
    ("spectrum", r"F[1-5](frequency|bandwidth|amplitude)|alphaRatio|hammarbergIndex|slope(U?V)?\d|spectralFlux"),
    ("spectrum", r"mfcc|audSpec_|pcm_(fftMag|zcr|Mag)|lspFreq|lsp"),
    ("action units", r"AU\d\d?(_|$)"),
    ("brows and eyes", r"(inner_|outer_)?brow_|eye_"),
    ("mouth and jaw", r"lip_|mouth_|upper_lip_|jaw_"),
    ("gaze", r"gaze"),
    ("head", r"(pose_|pitch|yaw|roll|head)"),
)
OTHER = "other"
_PATTERNS = tuple((family, re.compile(pattern)) for family, pattern in _FAMILIES)


def family(column: str) -> str:
    """The family of a column, `OTHER` where its name is not known.

    Examples
    --------
    >>> family("jitterLocal_sma3nz_amean"), family("AU12_r_mean"), family("x7")
    ('voice quality', 'action units', 'other')
    """
    return next((name for name, pattern in _PATTERNS if pattern.match(column)), OTHER)


def families(columns: Sequence[str]) -> dict[str, list[int]]:
    """Positions of columns by family, in the order of first appearance; a modality of unknown names is one family.

    Examples
    --------
    >>> families(["F0_mean", "AU12_r", "F0_std"])
    {'prosody': [0, 2], 'action units': [1]}
    """
    positions: dict[str, list[int]] = {}
    for position, column in enumerate(columns):
        positions.setdefault(family(str(column)), []).append(position)
    return positions
