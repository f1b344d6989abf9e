"""Put the tables and the figure of the README in place from finished run folders.

python benchmarks/readme_tables.py --quickstart runs/quickstart --multistage runs/multistage-fusion
"""

import argparse
import re
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[1]


def _results(folder):
    texts = {"split": str, "picked": str, "transductive": str}
    results = pd.read_csv(folder / "results.csv", keep_default_na=False, na_values=[""], dtype=texts)
    return results if "transductive" in results else results.assign(transductive="")


def table(folder, columns, keep):
    """Markdown table of the measured and reported rows that ``keep(results)`` selects."""
    results = _results(folder)
    rows = results[(results["split"] == "all") & (results["metric"] == "ccc") & (results["status"] == "ok")]
    rows = rows[keep(rows)]
    protocols = rows["protocol"].nunique() > 1
    order = rows[rows["target"] == "mean"].sort_values("value", ascending=False)[
        ["protocol", "system", "kind", "picked", "transductive"]
    ]
    heads = ["system", *(["protocol"] if protocols else []), *columns]
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join("---" for _ in heads) + " |"]
    for row in order.drop_duplicates(["protocol", "system"]).itertuples():
        cells = []
        for target in columns:
            match = rows[
                (rows["protocol"] == row.protocol) & (rows["system"] == row.system) & (rows["target"] == target)
            ]
            cells.append(_cell(match.iloc[0]) if len(match) else "")
        name = f"**{row.system}** (picked)" if row.picked == "yes" else row.system
        name += " (transductive)" if row.transductive == "yes" else ""
        name += " (reported)" if row.kind == "reported" else ""
        lines.append("| " + " | ".join([name, *([row.protocol] if protocols else []), *cells]) + " |")
    return "\n".join(lines)


def _cell(row):
    interval = f" [{row['ci_low']:.2f}, {row['ci_high']:.2f}]" if pd.notna(row["ci_low"]) else ""
    return f"{row['value']:.3f}{interval}"


def stages_figure(folder, path):
    """Stages on the x axis, mean CCC on the y axis, both protocols, with the mean's lines."""
    results = _results(folder)
    rows = results[(results["split"] == "all") & (results["metric"] == "ccc") & (results["target"] == "mean")]
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axis = figure.add_subplot()
    lines = [
        ("paper", r"stage-\d", "#D55E00", "s", "fitted and scored on the same frames"),
        ("honest", r"stage-\d", "#0072B2", "o", "subjects left out"),
        ("honest", r"stage-(1|\d-alone)", "#009E73", "^", "subjects left out, reading only the stage before"),
    ]
    for number, (protocol, names, color, marker, label) in enumerate(lines):
        part = rows[(rows["protocol"] == protocol) & rows["system"].str.fullmatch(names)].sort_values("system")
        axis.errorbar(
            part["system"].str[6].astype(int) + 0.06 * (number - 1),
            part["value"],
            [part["value"] - part["ci_low"], part["ci_high"] - part["value"]],
            color=color, marker=marker, capsize=2, label=label,
        )  # fmt: skip
    honest = rows[rows["protocol"] == "honest"].set_index("system")["value"]
    axis.axhline(honest["matched-mean-of-12"], color="black", ls="--", lw=1, label="matched mean of the 12 systems")
    axis.axhline(honest["mean-of-12"], color="black", ls=":", lw=1, label="plain mean of the 12 systems")
    reported = rows[rows["system"] == "multistage fusion, 5 stages"]["value"]
    axis.plot([5], reported, "x", color="#D55E00", ms=9, mew=2, label="reported, 5 stages")
    axis.set(xlabel="stage of fusion", ylabel="mean CCC (95 % over subjects)", xticks=range(1, 6))
    axis.legend(fontsize=7, loc="lower left")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def place(name, text):
    """Replace what stands between the README's two marks of a name."""
    readme = ROOT / "README.md"
    content = readme.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    readme.write_text(pattern.sub(lambda match: f"{match[1]}{text}\n{match[2]}", content), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quickstart", type=Path)
    parser.add_argument("--multistage", type=Path)
    arguments = parser.parse_args()
    if arguments.quickstart:
        plain = table(
            arguments.quickstart, ["mean", "arousal", "valence"], lambda rows: ~rows["system"].str.endswith("-raw")
        )
        place("quickstart", plain)
    if arguments.multistage:
        shown = r"stage-\d(-alone)?|(matched-)?mean-.*|greedy|correlation|frames|picked|best-single|(late|multist).*"
        columns = ["mean", "arousal", "valence", "liking"]
        place("multistage", table(arguments.multistage, columns, lambda rows: rows["system"].str.fullmatch(shown)))
        stages_figure(arguments.multistage, ROOT / "docs" / "multistage-fusion.svg")
