"""A run in which every name, id, label, note and title is hostile to whatever shows it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from made_results import changed, made_results, source

from avbaselines.reports.drawing import Drawing
from avbaselines.reports.heading import Heading, ReportTarget
from avbaselines.reports.page import PageTables

HOSTILE = [
    "<script>window.touched = 1</script>",
    "<img src=x onerror='window.touched = 2'>",
    "\"><svg onload=window.touched=3>",
    "</style></script><script>window.touched = 4</script>",
    "' onmouseover='window.touched = 5",
    "javascript:window.touched=6",
    "{{ 7777 * 7777 }}{% raw %}",
    "&lt;b&gt;&#60;i&#62;",
    "\x1b]0;touched\x07\x1b[2J",
    "\u202ednif uoy tahw\u202c",
    "\x00\x0b\ufffe",
    "=HYPERLINK(\"http://localhost\")",
    "\\input{/etc/passwd}\\write18{id}",
    "$\\catcode`\\%=12$ % # & _ ^ ~",
    "[a](javascript:window.touched=7) ![b](x)",
    "`a` | b * c _ d_",
]  # fmt: skip


def name(number: int) -> str:
    return f"{HOSTILE[number % len(HOSTILE)]} {number}"


def run() -> tuple[list[Any], PageTables, Heading, dict[str, Any], list[Drawing]]:
    """Arguments of `render_page`."""
    targets = {"arousal": name(0), "valence": name(1), "mood": name(2)}
    rows = made_results()
    systems = {row.system: name(5 + k) for k, row in enumerate({row.system: row for row in rows}.values())}
    modalities = tuple(name(40 + k) for k in range(6))
    rows = [
        replace(row, system=systems[row.system], target=targets.get(row.target, row.target), learner=name(30),
                modalities=modalities[: 1 + k % 6], raw_label=row.raw_label and name(31))
        for k, row in enumerate(rows)
    ]  # fmt: skip
    for k, row in enumerate([row for row in rows if row.kind == "reported"]):
        rows = changed(rows, row.system, remarks=source(name(50 + k)))
    picked = next(row.system for row in rows if row.picked)
    rng, n = np.random.default_rng(0), 96
    clips = {
        "clip_id": [name(k) for k in range(n)], "group": [name(k // 8) for k in range(n)], "protocol": "honest",
        "split": "all", "part": "test", "system": picked, "recording": [name(k // 24) for k in range(n)],
        "time": np.tile(np.arange(24.0), 4),
    }  # fmt: skip
    parts = []
    for target in (targets["arousal"], targets["valence"]):
        truth = rng.normal(size=n)
        parts.append(pd.DataFrame(clips | {"target": target, "class": "", "truth": truth, "prediction": truth * 0.9}))
    code = rng.integers(0, 3, n)
    for k in range(3):
        truth = (code == k).astype(float)
        mood = {"target": targets["mood"], "class": name(60 + k), "truth": truth, "prediction": truth}
        parts.append(pd.DataFrame(clips | mood))
    others = [system for system in systems.values() if system != picked][:3]
    weights = pd.DataFrame([(picked, targets["arousal"], system, 0.3) for system in others],
                           columns=["system", "target", "input", "weight"])  # fmt: skip
    compared = {"system_a": picked, "system_b": others[0], "target": targets["arousal"], "difference": 0.1,
                "ci_low": 0.05, "ci_high": 0.2, "p_value": 0.01}  # fmt: skip
    tests = pd.DataFrame([compared])
    heading = Heading(
        name(0),
        [ReportTarget(targets["arousal"], "ccc"), ReportTarget(targets["valence"], "ccc"),
         ReportTarget(targets["mood"], "uar", "classes")],
        notes=[name(k) for k in range(len(HOSTILE))], protocols={"honest": name(3)},
    )  # fmt: skip
    tables = PageTables(pd.concat(parts, ignore_index=True), weights=weights, comparisons=tests)
    details = {name(0): {name(1): {name(2): [name(3), name(4)]}}, "Study": {key: key for key in HOSTILE}}
    return rows, tables, heading, details, [Drawing(name(70), "<svg/>", name(71), name(72), [[name(73)], [name(74)]])]
