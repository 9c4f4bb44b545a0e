# `make quickstart`, `make test` and `make test-peers` do all the set-up they need, in .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# A file of tests goes to one process whole: what its tests share is made once. Each process holds
# a TensorFlow of its own, so there are few even where there are many cores.
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4 --dist loadfile

.PHONY: quickstart test test-peers lint clean

quickstart: $(VENV)/run.ready
	$(BIN)/gantool train quickstart

test: $(VENV)/dev.ready
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

# What tests/benchmarks compares with is tested with PyTorch, which nothing else here needs. Its
# Triton, where the build has one, crashes unless it is imported before TensorFlow.
test-peers: $(VENV)/peers.ready
	$(BIN)/python -m pytest -p torch._dynamo $(SIDE_BY_SIDE) tests/benchmarks/peers

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
