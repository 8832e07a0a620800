# Daily words. Each makes .venv from the hash-pinned lock first when it is missing or old.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DAGSTER_DISABLE_TELEMETRY := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
# Some containers forbid compiled files: every process would then compile what it imports, for a second or two.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-faults serve dagster bench lint docs lock

help: ## list the words
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.ready ## make .venv and install what is pinned

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "MyMedic needs Python 3.11 or newer")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

.venv/.ready: requirements.lock pyproject.toml | $(BIN)/uv
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## simulate a clinic chain, build its warehouse, show the tie-out
	@$(BIN)/mymedic demo

test: setup ## run every test
	@$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

test-faults: setup ## switch the simulator's faults on one at a time and compare every cell
	@$(BIN)/python -m pytest -n 2 --dist load -m faults

serve: setup ## the command API on 127.0.0.1:8080
	@$(BIN)/mymedic serve --port 8080

dagster: setup ## the pipeline's own screen on 127.0.0.1:3000
	@$(BIN)/mymedic dagster

bench: setup ## measure, beside the peer and the ceilings
	@$(BIN)/python -m bench

lint: setup ## ruff, mypy, import contract, sqlfluff
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/sqlfluff lint dbt_project/models --disable-progress-bar

docs: setup ## write the generated files anew: staging models, reference
	@$(BIN)/python -m pipelines.landing.staging
	@$(BIN)/python -m apps.reference

lock: | $(BIN)/uv ## pin the newest versions that fit
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet --upgrade --output-file requirements.lock
