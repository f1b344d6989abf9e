"""Families of features by their names: what openSMILE and face tools measure, in words people use."""

import re

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


def family(column):
    """The family of a column, `OTHER` where its name is not known.

    >>> family("jitterLocal_sma3nz_amean"), family("AU12_r_mean"), family("x7")
    ('voice quality', 'action units', 'other')
    """
    return next((name for name, pattern in _PATTERNS if pattern.match(column)), OTHER)


def families(columns):
    """Columns by family.

    Parameters
    ----------
    columns : sequence of str

    Returns
    -------
    dict of str to list of int
        Positions, in the order of first appearance; a modality of unknown names is one family.
    """
    found = {}
    for position, column in enumerate(columns):
        found.setdefault(family(str(column)), []).append(position)
    return found
