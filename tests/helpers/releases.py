"""Tiny releases, complete and in each corpus' own layout, for tests of the readers and of whole studies.

Every function takes a folder (made where it is not there), fills it and returns it. With ``media=True`` each clip (or
recording) also gets a voice as a wav file and a face as an OpenFace table (below ``openface/``), in which arousal and
valence can be heard and seen; they are made by the embedded corpus' own simulation.
"""

import wave
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.corpora.synthesis import face as synthetic_face
from avbaselines.corpora.synthesis import voice as synthetic_voice

FEELING = {
    "neutral": (-0.5, 0.0),
    "happy": (0.8, 1.2),
    "angry": (1.2, -1.0),
    "sad": (-1.0, -1.0),
    "fear": (0.8, -0.8),
    "disgust": (0.1, -1.2),
    "worried": (0.3, -0.7),
    "surprise": (1.0, 0.4),
}
"""(Arousal, valence) of an emotion, in standard deviations."""


def make_crema_d(folder, actors=6, media=False):
    """CREMA-D: two sentences in six emotions by each actor; VAVL's files are below ``vavl/``.

    The first clip's voice votes tie between anger and disgust; the second clip's audiovisual votes tie, and VAVL leaves
    it out.
    """
    folder, rng = _made(folder), np.random.default_rng(0)
    letters, words = "ADFHNS", dict(A="angry", D="disgust", F="fear", H="happy", N="neutral", S="sad")
    codes = dict(ANG="A", DIS="D", FEA="F", HAP="H", NEU="N", SAD="S")
    clips = [
        (f"{actor}_{sentence}_{code}_XX", letter)
        for actor in range(1001, 1001 + actors)
        for sentence in ("IEO", "TIE")
        for code, letter in codes.items()
    ]
    votes = {}
    for digit, hits in ((1, 6), (2, 7), (3, 8)):
        for number, (_, letter) in enumerate(clips, 1):
            counts = dict.fromkeys(letters, 0) | {letter: hits}
            for other in rng.choice([other for other in letters if other != letter], 10 - hits):
                counts[str(other)] += 1
            votes[digit, number] = counts
    votes[1, 1] = dict.fromkeys(letters, 0) | {"A": 5, "D": 5}
    votes[3, 2] = dict.fromkeys(letters, 0) | {"D": 5, "N": 5}
    names = dict(A="Anger", D="Disgust", F="Fear", H="Happy", N="Neutral", S="Sad")
    rows, winners = [], {}
    for (digit, number), counts in votes.items():
        winner = ":".join(letter for letter in letters if counts[letter] == max(counts.values()))
        winners[digit, number] = winner
        levels = {letter: float(rng.integers(40, 90)) if counts[letter] else -1.0 for letter in "ADFHNS"}
        mean = np.mean([level for level in levels.values() if level >= 0])
        row = {"": f"{digit}{number:05d}", **counts, "fileName": clips[number - 1][0], "numResponses": 10}
        row |= {"agreement": max(counts.values()) / 10, "emoVote": winner}
        for suffix in ("", "Norm"):
            row[f"meanEmoResp{suffix}"] = mean
            row |= {f"mean{names[letter]}Resp{suffix}": level for letter, level in levels.items()}
            row[f"medianEmoResp{suffix}"] = mean
        rows.append(row)
    (folder / "processedResults").mkdir()
    pd.DataFrame(rows).to_csv(folder / "processedResults" / "tabulatedVotes.csv", index=False)
    summary = [
        {"": number, "FileName": clip}
        | {f"{name}Vote": winners[digit, number] for digit, name in ((1, "Voice"), (2, "Face"), (3, "MultiModal"))}
        for number, (clip, _) in enumerate(clips, 1)
    ]
    pd.DataFrame(summary).to_csv(folder / "processedResults" / "summaryTable.csv", index=False)
    named = pd.DataFrame({"Stimulus_Number": range(1, len(clips) + 1), "Filename": [clip for clip, _ in clips]})
    named.to_csv(folder / "SentenceFilenames.csv", index=False)
    people = [(1001 + i, 20 + i, ("Male", "Female")[i % 2], "Caucasian", "Not Hispanic") for i in range(actors)]
    pd.DataFrame(people, columns=["ActorID", "Age", "Sex", "Race", "Ethnicity"]).to_csv(
        folder / "VideoDemographics.csv", index=False
    )
    classes = ["angry", "sad", "disgust", "fear", "neutral", "happy"]
    soft = []
    for number, (clip, _) in enumerate(clips, 1):
        shares = {words[letter]: 0.01 + 0.94 * count / 10 for letter, count in votes[3, number].items()}
        if number != 2:
            speaker = int(clip[:4])
            row = {"FileName": f"{clip}.wav"} | {name: shares[name] for name in classes}
            soft.append(row | {"SpkrID": speaker, "Gender": ("Male", "Female")[(speaker - 1001) % 2]})
    (folder / "vavl").mkdir()
    for partition in range(5):
        parts = [
            ("Test", "Development")[turn] if (turn := (row["SpkrID"] - 1001 - partition) % actors) < 2 else "Train"
            for row in soft
        ]
        table = pd.DataFrame(soft).assign(Split_Set=parts)
        table.to_csv(folder / "vavl" / f"label_consensus_{partition + 1}.csv", index=False)
    if media:
        for clip, letter in clips:
            actor = clip[:4]
            _perform(folder / "AudioWAV", folder / "openface", clip, FEELING[words[letter]], actor, int(actor) % 2)
    return folder


def make_msp_improv(folder, media=False):
    """MSP-IMPROV: two turns in four emotions by each of twelve actors; VAVL's files are below ``vavl/``.

    ``A`` of Evaluation.txt runs from active to calm, ``EmoAct`` of VAVL's files from calm to active, as in the
    originals. VAVL leaves out the first clip, on which the raters do not agree.
    """
    folder, rng = _made(folder), np.random.default_rng(0)
    words = dict(A="angry", H="happy", N="neutral", S="sad")
    lines, labels = [], []
    for session in range(1, 7):
        for gender in "FM":
            for letter, word in words.items():
                for turn in (1, 2):
                    stem = f"IMPROV-S01{letter}-{gender}0{session}-S-{gender}{gender}{turn:02d}"
                    arousal, valence = np.array(FEELING[word]) + rng.normal(0, 0.3, 2)
                    active, pleasant, strong = (float(np.clip(3 + x, 1, 5)) for x in (arousal, valence, 0.7 * arousal))
                    agreed = "X" if not lines else letter
                    attributes = f"A:{6 - active:.6f}; V:{pleasant:.6f}; D:{strong:.6f} ; N:3.500000;"
                    lines.append(f"UTD-{stem}.avi; {agreed}; {attributes}")
                    for rater in range(5):
                        vote = word.title() if rater < 4 else "Other"
                        numbers = f"A:{6 - active:.6f}; V:{pleasant:.6f}; D:{strong:.6f}; N:3.000000;"
                        lines.append(f"rater_{rater}; {vote}; Excited; Concerned; {numbers}")
                    lines += [lines[-1], ""]  # a rater's line may stand there twice
                    if agreed != "X":
                        row = {"FileName": f"MSP-{stem}.wav", "EmoAct": active, "EmoVal": pleasant, "EmoDom": strong}
                        labels.append(row | {"SpkrID": session, "Gender": {"F": "Female", "M": "Male"}[gender]})
                    if media:
                        below = folder / f"session{session}" / f"S01{letter}" / "S"
                        feeling, actor = (arousal, valence), f"{gender}{session}"
                        _perform(below, folder / "openface", f"MSP-{stem}", feeling, actor, gender == "F")
    (folder / "Evaluation.txt").write_text("\n".join(lines), encoding="utf-8")
    (folder / "vavl").mkdir()
    for partition, (dev, test) in enumerate(((4, 5), (2, 3), (1, 2), (6, 1), (5, 6)), 1):
        parts = [{dev: "Development", test: "Test"}.get(row["SpkrID"], "Train") for row in labels]
        pd.DataFrame(labels).assign(Split_Set=parts).to_csv(
            folder / "vavl" / f"labels_consensus_{partition}.csv", index=False, float_format="%.6f"
        )
    return folder


def make_mer2023(folder, layout="release", media=False):
    """MER 2023: 60 clips to learn from and 12 in each test part, in the release's layout or the processed one."""
    folder, rng = _made(folder), np.random.default_rng(0)
    emotions = ("neutral", "angry", "happy", "sad", "worried", "surprise")
    corpora, number = {}, 0
    for part, count in (("train", 60), ("test1", 12), ("test2", 12), ("test3", 12)):
        corpora[part] = {}
        for index in range(count):
            emotion = emotions[index % 6]
            valence = round(float(np.clip(2 * FEELING[emotion][1] + rng.normal(), -5, 5)), 2)
            valence = -10 if part == "test3" else valence
            name = f"sample_{number:08d}"
            corpora[part][name] = {"emo": emotion, "val": valence}
            number += 1
            if media:
                below = folder / "audio" if layout == "processed" else folder / part
                _perform(below, folder / "openface", name, FEELING[emotion], name, number % 2)
    if layout == "processed":
        np.savez_compressed(folder / "label-6way.npz", **{f"{part}_corpus": labels for part, labels in corpora.items()})
        sentences = [(name, f"sentence {name}") for labels in corpora.values() for name in labels]
        pd.DataFrame(sentences, columns=["name", "sentence"]).to_csv(folder / "transcription.csv", index=False)
        return folder
    for part, labels in corpora.items():
        table = pd.DataFrame([(name, label["emo"], label["val"]) for name, label in labels.items()])
        table.columns = ["name", "discrete", "valence"]
        table.drop(columns="valence" if part == "test3" else []).to_csv(folder / f"{part}-label.csv", index=False)
    return folder


def make_recola(folder, layout="avec2016", seconds=20.0, media=False):
    """RECOLA as ``avec2016``, ``avec2018`` or ``original`` lay it out: nine recordings with six raters.

    AVEC 2016 withholds the test labels by ``?``, AVEC 2018 by leaving the files out.
    """
    folder, rng = _made(folder), np.random.default_rng(0)
    names = [f"P{number}" for number in (16, 17, 19, 21, 23, 25, 26, 28, 30)]
    if layout != "original":
        names = [f"{part}_{number}" for part in ("train", "dev", "test") for number in (1, 2, 3)]
    gold, individual = {
        "avec2016": ("ratings_gold_standard", "ratings_individual"),
        "avec2018": ("labels/gs_1", "labels/individual"),
        "original": (None, "RECOLA-Annotation/emotional_behaviour"),
    }[layout]
    times = np.round(np.arange(round(seconds / 0.04) + 1) * 0.04, 2)
    for actor, name in enumerate(names):
        feeling = []
        for dimension in ("arousal", "valence"):
            phase = rng.uniform(0, 2 * np.pi)
            truth = 0.3 * np.sin(2 * np.pi * times / 10 + phase)
            feeling.append(truth)
            raters = truth[:, None] + rng.normal(0, 0.05, 6)
            withheld = name.startswith("test")
            if gold and not (withheld and layout == "avec2018"):
                values = ["?"] * len(times) if withheld else [f"{value:.6f}" for value in truth]
                header = "@relation GOLDSTANDARD\n\n@attribute Instance_name string\n@attribute frameTime numeric\n"
                header += "@attribute GoldStandard numeric\n\n\n@data\n\n"
                body = "\n".join(f"{name},{time:g},{value}" for time, value in zip(times, values, strict=True))
                _write(folder / gold / dimension / f"{name}.arff", header + body + "\n")
            if not withheld:
                header = "time;FM1 ;FM2 ;FM3 ;FF1 ;FF2 ;FF3\n"
                body = "\n".join(
                    ";".join([f"{time:g}", *(f"{value:.4f}" for value in row)])
                    for time, row in zip(times, raters, strict=True)
                )
                _write(folder / individual / dimension / f"{name}.csv", header + body + "\n")
        if media:
            middle = [3 * float(series.mean()) for series in feeling]
            _perform(folder / "recordings_audio", folder / "openface", name, middle, name, actor % 2, seconds)
    return folder


def make_sewa(folder, seconds=6.0):
    """SEWA as AVEC 2019 laid it out: labels and action-unit functionals each 0.1 s, twelve recordings.

    The action units show arousal and valence; liking goes against arousal.
    """
    folder, rng = _made(folder), np.random.default_rng(0)
    times = np.arange(round(seconds / 0.1)) / 10
    for part in ("Train", "Devel"):
        for culture in ("DE", "HU"):
            for number in (1, 2, 3):
                name = f"{part}_{culture}_{number:02d}"
                arousal, valence = (0.3 * np.sin(2 * np.pi * times / 5 + phase) for phase in rng.uniform(0, 6, 2))
                liking = 0.1 * rng.normal(size=len(times)) - 0.5 * arousal
                units = np.column_stack([arousal, valence, arousal - valence]) + 0.3 * rng.normal(size=(len(times), 3))
                for place, heads, values in (
                    ("labels", "arousal;valence;liking", np.column_stack([arousal, valence, liking])),
                    ("visual_features_functionals", "AU01_r_mean;AU12_r_mean;AU04_r_std", units),
                ):
                    rows = [f"name;timestamp;{heads}"]
                    for time, row in zip(times, values, strict=True):
                        rows.append(";".join([f"'{name}'", f"{time:.1f}", *(f"{value:.6f}" for value in row)]))
                    _write(folder / place / f"{name}.csv", "\n".join(rows) + "\n")
    return folder


def make_creativeit(folder, seconds=20.0, media=False):
    """CreativeIT in the layout its reader states: four sessions of two recordings by two actors, with motion capture.

    The joints move the faster the higher the activation.
    """
    folder, rng = _made(folder), np.random.default_rng(0)
    annotated, captured = np.arange(0, seconds, 0.1), np.arange(0, seconds, 1 / 30)
    recordings = []
    for session in range(1, 5):
        for take in (1, 2):
            recording = f"s{session}r{take}"
            recordings.append((recording, f"session{session}", "improvisation"))
            for actor in (f"F{session}", f"M{session}"):
                name = f"{recording}_{actor}"
                phases = rng.uniform(0, 2 * np.pi, 3)
                truth = [0.5 * np.sin(2 * np.pi * annotated / 12 + phase) for phase in phases]
                table = dict(zip(("time", "activation", "valence", "dominance"), (annotated, *truth), strict=True))
                table = pd.DataFrame(table).to_csv(index=False, float_format="%.4f")
                _write(folder / "annotations" / f"{name}.csv", table)
                swing = 0.3 + 0.25 * np.sin(2 * np.pi * captured / 12 + phases[0])
                motion = {"time": captured}
                for joint, height in (("head", 1.7), ("hand_l", 1.0), ("hand_r", 1.0), ("hips", 0.9)):
                    amount = swing * (0.2 if joint in ("head", "hips") else 1.0)
                    for axis, rest in (("x", 0.0), ("y", height), ("z", 0.0)):
                        motion[f"{joint}_{axis}"] = rest + amount * np.sin(9 * captured + rng.uniform(0, 6))
                _write(folder / "mocap" / f"{name}.csv", pd.DataFrame(motion).to_csv(index=False, float_format="%.4f"))
                if media:
                    _perform(folder / "audio", folder / "openface", name, (0.0, 0.0), actor, actor[0] == "F", seconds)
    pd.DataFrame(recordings, columns=["recording", "session", "kind"]).to_csv(folder / "recordings.csv", index=False)
    return folder


def _made(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _perform(audio, openface, clip, feeling, actor, female, seconds=1.0):
    """A voice and a face that show a feeling; traits depend on the actor alone."""
    traits = np.random.default_rng(list(actor.encode()))
    voice, face = synthetic_voice.draw_traits(traits, bool(female)), synthetic_face.draw_traits(traits)
    rng = np.random.default_rng(list(clip.encode()))
    samples = synthetic_voice.speak(voice, *feeling, seconds, rng)
    audio.mkdir(parents=True, exist_ok=True)
    with wave.open(str(audio / f"{clip}.wav"), "wb") as file:
        file.setparams((1, 2, synthetic_voice.RATE, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    table = synthetic_face.show(face, *feeling, seconds, rng, seen=True)
    _write(openface / f"{clip}.csv", synthetic_face.openface_text(table))
