# Each target makes the virtual environment it needs; python3 and make are enough.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: quickstart test check clean

$(BIN)/.installed: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e .
	touch $@

$(BIN)/.installed-test: $(BIN)/.installed
	$(BIN)/python -m pip install --quiet -e '.[test]'
	touch $@

quickstart: $(BIN)/.installed
	$(BIN)/python -m avbaselines.run quickstart

test: check
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

check: $(BIN)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build dist *.egg-info
