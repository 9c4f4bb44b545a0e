# Every target does all the set-up it needs: in .venv, or in .venv-oldest for test-oldest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OLDEST := $(VENV)-oldest
# A file of constraints for .venv: `make test CONSTRAINTS=constraints/exact.txt`.
CONSTRAINTS ?=
# Compiled (pip's default): where PYTHONDONTWRITEBYTECODE is set, as it is in many containers, every
# process would compile TensorFlow's and Keras's sources anew.
INSTALL := -m pip install --quiet --timeout 120

# A file of tests goes to one process whole: what its tests share is made once. Each process holds
# a TensorFlow of its own, so there are few even where there are many cores.
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4 --dist loadfile --max-worker-restart 0

# Of what each lower bound is of, some test: recipes, Keras's names and layers, data and downloads,
# a run with its log, pictures, page and checkpoints, resumed and drawn from.
WITH_THE_OLDEST := $(addprefix tests/, \
	test_packaging.py \
	recipe/test_document.py recipe/test_load.py recipe/test_schema.py \
	recipe/test_signatures.py networks/test_build.py layers/test_batch_normalization.py layers/test_concat_label.py \
	data/test_decoding.py data/test_fitting.py data/test_colours.py data/test_formats.py data/test_jpeg.py data/test_records.py data/test_idx.py \
	data/test_sources_catalogue.py data/test_sources_files.py data/test_sources_tfrecord.py \
	data/download/test_http.py data/conversion/test_reencode.py \
	runs/test_checkpoint.py::test_values_come_back_to_the_bit \
	runs/test_checkpoint.py::test_equal_runs_leave_equal_bytes \
	outputs/test_rows.py runs/test_metrics_file.py outputs/test_loss_plot.py \
	runs/test_resume_point.py::TestResumePoint::test_leads_to_the_same_end \
	report/test_page.py \
	cli/test_sample_command.py::test_the_grid_of_the_training_is_drawn_again_byte_for_byte \
	cli/test_stopping.py::test_a_terminal_gets_a_bar_with_steps_and_both_losses)

READERS := images archives tfrecords recipes checkpoints arrays hdf5 tars tables
RUNS ?= 100000

.PHONY: quickstart test test-quick test-peers test-oldest fuzz lint constraints clean

quickstart: $(VENV)/run.ready
	$(BIN)/gantool train quickstart

test: $(VENV)/dev.ready
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

# Of every room, what takes no longer than about a second.
test-quick: $(VENV)/dev.ready
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not slow"

# What the benchmarks compare with is tested with PyTorch, which nothing else here needs. Its
# Triton, where the build has one, crashes unless it is imported before TensorFlow. One file: one
# process.
test-peers: $(VENV)/peers.ready
	$(BIN)/python -m pytest -p torch._dynamo benchmarks/tests/pytorch

test-oldest: $(OLDEST)/test.ready
	$(OLDEST)/bin/python -m pytest $(SIDE_BY_SIDE) $(WITH_THE_OLDEST)

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

# One process imports PyTorch: compiling all of it takes longer than what that imports. Of
# torch-fidelity one network is asked for, which needs nothing of what the others do; it lies apart,
# as it brings a package with the name `tests`.
$(VENV)/peers.ready: $(VENV)/dev.ready
	$(BIN)/python $(INSTALL) --no-compile $(CONSTRAINTS:%=-c %) torch==2.13.0
	$(BIN)/python $(INSTALL) --no-deps --target $(VENV)/torch-fidelity torch-fidelity==0.4.0
	touch $@

$(OLDEST)/test.ready: pyproject.toml constraints/oldest.txt | $(OLDEST)/bin/python
	$(OLDEST)/bin/python $(INSTALL) -c constraints/oldest.txt --editable ".[test]"
	touch $@

$(VENV)/fuzz.ready: $(VENV)/dev.ready
	$(BIN)/python $(INSTALL) atheris
	touch $@
