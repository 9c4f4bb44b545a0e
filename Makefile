# `make quickstart` and `make test` do all the set-up they need, in .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: quickstart test lint clean

quickstart: $(VENV)/run.ready
	$(BIN)/gantool train quickstart

test: $(VENV)/dev.ready
	$(BIN)/python -m pytest

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
