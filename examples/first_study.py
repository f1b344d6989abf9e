"""A first study of a folder: `init` looks at the tables and writes the study, `run --dry-run` checks it."""

import os
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from small_corpus import write_corpus

from avbaselines.init import main as init
from avbaselines.run import main as run

here = Path.cwd()
os.chdir(tempfile.mkdtemp())
Path("corpus").mkdir()
write_corpus(Path("corpus"))
Path("corpus/study.toml").unlink()

# On a command line: python -m avbaselines.init corpus --out mine.toml
init(["corpus", "--out", "mine.toml"])

# On a command line: python -m avbaselines.run mine.toml --data corpus --dry-run
with redirect_stdout(StringIO()) as plan:
    status = run(["mine.toml", "--data", "corpus", "--dry-run"])
print("exit status", status)
print(plan.getvalue().splitlines()[-1])
print("\nThe file:\n")
print(Path("mine.toml").read_text())
os.chdir(here)
