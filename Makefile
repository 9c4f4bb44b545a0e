# `make quickstart`, `make test`, `make test-peers` and `make fuzz` do all the set-up they need, in
# .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# A file of tests goes to one process whole: what its tests share is made once. Each process holds
# a TensorFlow of its own, so there are few even where there are many cores.
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4 --dist loadfile

READERS := images archives tfrecords recipes checkpoints
RUNS ?= 100000

.PHONY: quickstart test test-peers fuzz lint clean

quickstart: $(VENV)/run.ready
	$(BIN)/gantool train quickstart

test: $(VENV)/dev.ready
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

# What tests/benchmarks compares with is tested with PyTorch, which nothing else here needs. Its
# Triton, where the build has one, crashes unless it is imported before TensorFlow.
test-peers: $(VENV)/peers.ready
	$(BIN)/python -m pytest -p torch._dynamo $(SIDE_BY_SIDE) tests/benchmarks/peers

# Each reader with inputs that a fuzzer finds by the code that they reach, then with those that
# tests/fuzz/inputs.py makes up. Atheris has no build for some machines, so nothing else needs it.
fuzz: $(VENV)/fuzz.ready
	for reader in $(READERS); do $(BIN)/python tests/fuzz/run.py $$reader --runs $(RUNS) || exit; done
	GANTOOL_FUZZ=$(RUNS) $(BIN)/python -m pytest -s tests/fuzz/test_readers.py

lint: $(VENV)/dev.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.ready: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --timeout 120 --editable .
	touch $@

$(VENV)/dev.ready: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --timeout 120 --editable ".[dev]"
	touch $@

$(VENV)/peers.ready: $(VENV)/dev.ready
	$(BIN)/python -m pip install --quiet --timeout 120 torch==2.13.0
	touch $@

$(VENV)/fuzz.ready: $(VENV)/dev.ready
	$(BIN)/python -m pip install --quiet --timeout 120 atheris
	touch $@
