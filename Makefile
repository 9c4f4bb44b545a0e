# Every target does all the set-up it needs: in .venv, or in .venv-oldest for test-oldest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OLDEST := $(VENV)-oldest
# A file of constraints for .venv: `make test CONSTRAINTS=constraints/exact.txt`.
CONSTRAINTS ?=
INSTALL := -m pip install --quiet --timeout 120

# A file of tests goes to one process whole: what its tests share is made once. Each process holds
# a TensorFlow of its own, so there are few even where there are many cores.
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4 --dist loadfile

# A part of the tests that comes by all of what the lower bounds are of: recipes, the command line,
# the reading of data, networks, a run with checkpoints, logs and grids, resumed and drawn from.
WITH_THE_OLDEST := tests/recipe tests/data/test_images.py

.PHONY: quickstart test test-peers test-oldest lint constraints clean

quickstart: $(VENV)/run.ready
	$(BIN)/gantool train quickstart

test: $(VENV)/dev.ready
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

# What tests/benchmarks compares with is tested with PyTorch, which nothing else here needs. Its
# Triton, where the build has one, crashes unless it is imported before TensorFlow.
test-peers: $(VENV)/peers.ready
	$(BIN)/python -m pytest -p torch._dynamo $(SIDE_BY_SIDE) tests/benchmarks/peers

test-oldest: $(OLDEST)/test.ready
	$(OLDEST)/bin/python -m pytest $(SIDE_BY_SIDE) $(WITH_THE_OLDEST)

lint: $(VENV)/dev.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

constraints: $(VENV)/dev.ready
	$(BIN)/python constraints/write.py

clean:
	rm -rf $(VENV) $(OLDEST)

$(VENV)/bin/python $(OLDEST)/bin/python:
	$(PYTHON) -m venv $(@:/bin/python=)

$(VENV)/run.ready: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python $(INSTALL) $(CONSTRAINTS:%=-c %) --editable .
	touch $@

$(VENV)/dev.ready: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python $(INSTALL) $(CONSTRAINTS:%=-c %) --editable ".[dev]"
	touch $@

$(VENV)/peers.ready: $(VENV)/dev.ready
	$(BIN)/python $(INSTALL) $(CONSTRAINTS:%=-c %) torch==2.13.0
	touch $@

$(OLDEST)/test.ready: pyproject.toml constraints/oldest.txt | $(OLDEST)/bin/python
	$(OLDEST)/bin/python $(INSTALL) -c constraints/oldest.txt --editable ".[test]"
	touch $@
