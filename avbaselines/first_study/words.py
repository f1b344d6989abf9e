"""Names of columns taken apart into words, and the words by which the field calls things."""

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

ID = (
    *("clip_id", "clipid", "clip", "id", "utt_id", "utterance_id", "utterance", "utt", "segment_id", "segment"),
    *("sample_id", "sample", "file_name", "filename", "fname", "file", "path", "wav", "video_id", "name", "key"),
)
"""Names of id columns, the surest first, in lower case."""
SPEAKER = (
    *("speaker", "speakers", "spk", "spkr", "subject", "subj", "actor", "participant", "person", "performer", "talker"),
    *("patient", "user", "child", "client", "respondent", "singer", "vp", "proband", "sprecher"),
)
DYAD = ("session", "dyad", "couple", "pair", "interaction")
RECORDING = ("recording", "video", "dialogue", "dialog", "conversation", "interview", "episode", "session", "film")
TIME = ("time", "timestamp", "frametime", "timestamps", "seconds")
TRAITS = {"age", "gender", "sex", "race", "ethnicity", "culture", "language", "country", "native", "male", "female"}
ABOUT = TRAITS | {
    *("duration", "length", "start", "end", "onset", "offset", "begin", "frame", "frames", "index", "idx", "n", "num"),
    *("number", "count", "steps", "rater", "raters", "annotator", "annotators", "responses", "agreement", "repetition"),
    *("sentence", "statement", "text", "transcript", "transcription", "words", "word", "file", "path", "filename"),
    *("wav", "url", "date", "year", "weight", "fold", "split", "partition", "channel", "camera", "version", "take"),
    "turn",
    *("has", "is", "id", "confidence", "success", "time", "timestamp", "session", "scenario", "level", "std", "sd"),
}
"""Words of columns that tell about clips and are seldom what is to be predicted."""
ATTRIBUTES = {
    *("arousal", "activation", "valence", "dominance", "liking", "sentiment", "power", "expectancy", "control"),
    *("pleasure", "pleasantness", "engagement", "stress", "trustworthiness", "aro", "val", "dom", "act"),
    *("extraversion", "agreeableness", "conscientiousness", "neuroticism", "openness", "persuasive", "humor"),
}
CLASSES = {"emotion", "emotions", "emo", "expression", "mood", "affect", "feeling", "vote", "sarcasm", "humour"}
ANY_LABEL = {"label", "labels", "target", "class", "category", "score", "rating", "y"}
OUTPUTS = {
    *("prediction", "predictions", "pred", "preds", "predicted", "posterior", "posteriors", "logits", "output"),
    *("outputs", "probs", "softmax"),
}
"""Words in the names of files that hold what another system says."""


def words_of(name: object) -> list[str]:
    """Words of a name in lower case.

    Examples
    --------
    >>> words_of("SpkrID"), words_of("meanEmoResp_v2"), words_of("Split_Set")
    (['spkr', 'id'], ['mean', 'emo', 'resp', 'v', '2'], ['split', 'set'])
    """
    return [word.lower() for word in _WORD.findall(str(name))]
