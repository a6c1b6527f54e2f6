# Every target sets up what it needs in .venv. Written for make 3.81, which macOS ships.

PYTHON ?= python3
# `check-pythons` names another one for each version.
FOLDER := .venv
BIN := $(FOLDER)/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check

# The tests of a file stay together, since some share what is dear to make; tests/conftest.py says which come first.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder

VENV := $(FOLDER)/made.stamp
# What a user installs, and what a developer adds to it; each is renewed when pyproject.toml changes.
RUN := $(FOLDER)/run.stamp
DEV := $(FOLDER)/dev.stamp

# Scripts from npm, for the site and for its check; git ignores the folder.
WORKER := build/npm/iframe-worker.js
AXE := build/npm/axe.min.js

# Prints minor and micro version of a Python that llmc runs on and that can make environments. A name on PATH may be a
# shim of pyenv that leads nowhere, so each is asked.
PROBE := import sys, ensurepip, sysconfig, venv; \
	fit = sys.version_info >= (3, 11) and sys.version_info.releaselevel == "final" \
	and sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED"); \
	fit and print(*sys.version_info[1:3])

.DEFAULT_GOAL := help
.PHONY: help check check-pythons check-python test bless pictures demo format fuzz fuzz-grammars fuzz-talks fuzz-text fuzz-functions fuzz-quick bench bench-check bench-local peers soak docs check-site package vscode clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

check: $(DEV) ## lint, format, types, layers, tests with coverage; CI runs this and check-pythons
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest --cov $(PARALLEL)

# Of several patch versions the newest is taken; that of .venv, or of what it would be made with, is left to `check`.
check-pythons: ## types and tests with each other Python from 3.11 on that is on PATH or in pyenv, in .venv-VERSION
	@used=$$($(or $(wildcard $(BIN)/python),$(PYTHON)) -c 'import sys; print(sys.version_info[1])'); \
	root=$${PYENV_ROOT:-$$(pyenv root 2>/dev/null || echo "$$HOME/.pyenv")}; \
	for python in python3.11 python3.12 python3.13 python3.14 "$$root"/versions/*/bin/python3; do \
		version=$$("$$python" -c '$(PROBE)' 2>/dev/null) && [ -n "$$version" ] && echo "$$version $$python"; \
	done | sort -k1,1n -k2,2nr | awk -v used="$$used" '$$1 != used && !seen[$$1]++' | { \
		passed= failed=; \
		while read -r minor micro python; do \
			if $(MAKE) check-python FOLDER=".venv-3.$$minor" PYTHON="$$python" </dev/null; \
			then passed="$$passed 3.$$minor.$$micro"; else failed="$$failed 3.$$minor.$$micro"; fi; \
		done; \
		[ -n "$$passed$$failed" ] || echo "check-pythons: no Python from 3.11 on is here besides 3.$$used"; \
		[ -z "$$passed" ] || echo "check-pythons: passed with Python$$passed"; \
		[ -z "$$failed" ] || { echo "check-pythons: failed with Python$$failed" >&2; exit 1; }; \
	}

check-python: $(DEV)
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest $(PARALLEL)

test: $(DEV) ## the tests, without coverage
	$(BIN)/python -m pytest $(PARALLEL)

bless: $(DEV) ## write what the tests compare with files into these files, to be read with git diff
	LLMC_BLESS=1 $(BIN)/python -m pytest -q -m golden

pictures: export LLMC_BLESS := 1
pictures: $(DEV) ## draw the pictures of terminals in docs/pictures anew
	$(BIN)/python -m pytest -q tests/pictures

demo: $(RUN) ## show what llmc does, without a network; live with a model where llmc-lang[local] is installed
	$(BIN)/python examples/demo.py

format: $(DEV) ## format the code, and fix what the linter can fix
	$(BIN)/python -m ruff check --fix-only
	$(BIN)/python -m ruff format

fuzz: $(DEV) ## 100,000 random plans against the reference, each after every pass; a quarter as streams
	LLMC_PLANS=100000 HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest tests/semantics -q

fuzz-grammars: $(DEV) ## 10,000 random walks through decoder grammars
	LLMC_WALKS=10000 LLMC_SCHEMAS=3000 $(BIN)/python -m pytest tests/decoder/test_walks.py tests/decoder/test_value_rules.py -q -s

fuzz-talks: $(DEV) ## 100,000 random conversations of an agent, judged by what was meant; LLMC_SEED=N begins at another
	LLMC_TALKS=100000 $(BIN)/python -m pytest tests/agent/talks -q -n auto

fuzz-text: $(DEV) ## 50,000 mutated plans, read as a model's
	LLMC_PLANS=50000 HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest tests/grammar/lenient -q -k mutated

fuzz-functions: $(DEV) ## 10,000 inputs of each standard function, against Python and against its type
	LLMC_INPUTS=10000 $(BIN)/python -m pytest tests/compiler/functions -q -n auto

fuzz-quick: $(DEV) ## 30 s of bytes, guided by coverage, for each of seven readers; TARGETS=trace, LLMC_SECONDS=N, LLMC_SEED=N
	$(PIP) -e '.[fuzz]'
	$(BIN)/python -m tests.fuzz $(TARGETS)

bench: $(DEV) ## measure the overhead of a task, the time to start, reading, compiling, rank, explaining, and agents
	$(BIN)/python -m benchmarks.overhead
	$(BIN)/python -m benchmarks.making
	$(BIN)/python benchmarks/trusting.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/parsing.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/ranking.py
	$(BIN)/python benchmarks/explaining.py
	$(BIN)/python -m benchmarks.agent
	$(BIN)/python -m benchmarks.questions

bench-check: $(DEV) ## measure the ratios that have a target, and fail if one is over
	@failed=; for program in overhead making startup questions; do \
		$(BIN)/python -m benchmarks.$$program --check || failed=1; \
	done; [ -z "$$failed" ]

bench-local: $(DEV) ## measure how well the local model plans: make bench-local HOTPOTQA=FILE PARALLELQA=FILE
	$(PIP) -e '.[local]'
	$(BIN)/python benchmarks/local.py --hotpotqa $(HOTPOTQA) --parallelqa $(PARALLELQA) $(OPTIONS)

peers: $(DEV) ## compare the overhead of a task with other runners of graphs
	$(PIP) -e '.[bench]'
	$(BIN)/python -m benchmarks.peers

soak: $(DEV) ## 10,000 runs in one process, and one run of 100,000 tasks
	$(BIN)/python -m benchmarks.soak

docs: $(DEV) $(WORKER) ## build the site into build/site, which opens without a server
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build

check-site: docs $(AXE) ## open the site in Chromium: screenshots, axe-core, the search, and no request to the outside
	$(PIP) -e '.[site]'
	$(BIN)/python -m tests.docs.check_site

# Search in a browser needs a worker, which pages from a folder may not start; this script starts it for them.
$(WORKER):
	@mkdir -p $(@D)
	@if command -v npm >/dev/null && npm pack -s iframe-worker@1.0.4 --pack-destination $(@D) >/dev/null; \
	then tar -xzf $(@D)/iframe-worker-1.0.4.tgz -C $(@D) package/shim/index.js && mv $(@D)/package/shim/index.js $@; \
	else echo "docs: npm gave no iframe-worker; the search will not work on pages that are opened from a folder"; fi

$(AXE):
	@mkdir -p $(@D)
	npm pack -s axe-core@4.14.1 --pack-destination $(@D)
	tar -xzf $(@D)/axe-core-4.14.1.tgz -C $(@D) package/axe.min.js && mv $(@D)/package/axe.min.js $@

# The environment has what a build needs, so that nothing comes from the index.
package: $(DEV) ## build sdist and wheel into dist/, and check them as the index does
	rm -f dist/llmc_lang-*
	$(BIN)/uv build -q --no-build-isolation --python $(BIN)/python --out-dir dist
	$(BIN)/python -m twine check --strict dist/llmc_lang-*

# The newest that runs on Node 20.
VSCE := @vscode/vsce@3.9.2

vscode: ## pack the extension for VS Code into dist/
	rm -rf build/vscode
	mkdir -p build/vscode dist
	cp editors/vscode/* editors/llmc.tmLanguage.json LICENSE build/vscode
	cd build/vscode && npx --yes $(VSCE) package --no-dependencies --allow-missing-repository --out ../../dist/

clean: ## remove the environment, caches and builds
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp and not $(BIN)/python: a venv that failed half-way has one too.
$(VENV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "llmc needs Python 3.11 or newer, and $(PYTHON) is not; name another one: make PYTHON=python3.13" >&2; \
		exit 1; \
	}
	$(PYTHON) -m venv --clear $(FOLDER)
	@touch $@

$(RUN): pyproject.toml | $(VENV)
	$(PIP) -e .
	@touch $@

$(DEV): pyproject.toml $(RUN)
	$(PIP) -e '.[dev]'
	@touch $@
