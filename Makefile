# The commands of the project; `make` lists them. Everything runs from .venv, made from the lock file.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export DO_NOT_TRACK := true
export DAGSTER_DISABLE_TELEMETRY := 1
export MLFLOW_DISABLE_TELEMETRY := true
# Packages are compiled as they are first imported, not all of them as they are installed.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup system demo test check bench torture ui docs lock clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-9s %s\n", $$1, $$2}'

setup: $(STAMP) ## create .venv from requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] < (3, 14)))' \
		|| { echo "Python 3.11 to 3.13 is needed, this is $$($(PYTHON) --version); set PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP) ## make the sample market and materialize the whole graph
	@$(BIN)/realty demo

ui: $(STAMP) ## open the Dagster UI on the whole graph
	@$(BIN)/realty ui

check: $(STAMP) ## lint, format, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: $(STAMP) ## everything that CI runs
	@PATH="$(abspath $(BIN)):$$PATH" bash .ci/test

bench: $(STAMP) ## measure speed as ratios; writes benchmarks/RESULTS.md
	@$(BIN)/python -m benchmarks

torture: $(STAMP) ## the long proofs: kills, fuzz, many seeds; writes docs/torture.md
	@$(BIN)/python -m realty_assets_tests.torture

docs: $(STAMP) ## write docs/data_dictionary.md from the code and a small home
	@home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && export REALTY_HOME="$$home/home" REALTY_PROFILE=fast \
		&& $(BIN)/realty sample --out "$$home/sample" --listings 1600 --months 14 --photos 6 --seed 3 \
		&& $(BIN)/realty ingest "$$home/sample/exports" --source har && $(BIN)/realty run all \
		&& $(BIN)/realty dictionary --out docs/data_dictionary.md

lock: ## resolve requirements.lock anew from pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'setuptools>=77' wheel
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[dev,image]'
	{ echo "# Exact versions of everything; made by: make lock (Python 3.11)"; \
	  $(BIN)/python -m pip freeze --all --exclude-editable --exclude pip \
	  | sed -E '/^(nvidia|cuda|triton)/s/$$/ ; sys_platform == "linux" and platform_machine == "x86_64"/'; } \
	  > requirements.lock

clean: ## remove what tools leave behind (not the homes)
	rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis build dist *.egg-info
