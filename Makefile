# Everything a developer does. `make` alone tells what there is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
T ?= tests

.DEFAULT_GOAL := help
.PHONY: help setup run demo test format lint types check serve worker migrate migration schema-check schema bench proof image clean setup-production

help: ## Tell what there is
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  %-18s %s\n", $$1, $$2}'

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; choose one with PYTHON=/path/to/python3 make …"; exit 1; }
	@echo "Setting up $(VENV) …"
	@$(PYTHON) -m venv $(VENV) || { echo "This Python cannot make virtual environments; on Debian: apt install python3-venv"; exit 1; }
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[embedded,sandbox,dev]'
	@touch $@

setup: $(VENV)/.installed ## Make the virtual environment with everything in it

run: $(VENV)/.installed ## Start everything with a sandbox shop, install it, and stay until Ctrl-C
	@$(BIN)/python -m app.local run

demo: $(VENV)/.installed ## Walk through the seven rows of the README's table; P=platform (shopify)
	@$(BIN)/python -m app.local demo $(P)

test: $(VENV)/.installed ## Run the tests; T=path for some of them
	@$(BIN)/pytest --numprocesses 2 $(T)

format: $(VENV)/.installed ## Format the code
	@$(BIN)/ruff format app tests alembic/env.py
	@$(BIN)/ruff check --fix app tests alembic/env.py

lint: $(VENV)/.installed ## Check style
	@$(BIN)/ruff format --check app tests alembic/env.py
	@$(BIN)/ruff check app tests alembic/env.py

types: $(VENV)/.installed ## Check types
	@$(BIN)/mypy

schema-check: $(VENV)/.installed ## Check that tables and migrations agree
	@$(BIN)/python -m app.local schema-check

bench: $(VENV)/.installed ## Measure what the service can do here: M=name for one measurement
	@$(BIN)/python -m app.bench $(M)

proof: $(VENV)/.installed ## Break it in many ways on real processes: N=runs (200), SEED=repeats one
	@$(BIN)/python -m app.proof --runs $(or $(N),$(if $(SEED),1,200)) $(if $(SEED),--seed $(SEED)) $(if $(or $(SEED),$(filter no,$(PRODUCTION))),--no-production)

schema: $(VENV)/.installed ## Compare the API with its OpenAPI document, much further than the tests do
	@$(BIN)/pytest -m long tests/api/test_schema.py

check: lint types schema-check test ## All that must pass before a change lands

serve: $(VENV)/.installed ## Run the web process (settings from the environment)
	@$(BIN)/python -m app.cli serve

worker: $(VENV)/.installed ## Run a worker process (settings from the environment)
	@$(BIN)/python -m app.cli worker

migrate: $(VENV)/.installed ## Bring the database to the newest tables (settings from the environment)
	@$(BIN)/python -m app.cli migrate

migration: $(VENV)/.installed ## Write a migration for changed tables: M="what changes"
	@$(BIN)/python -m app.local migration "$(M)"

setup-production: ## Install the service alone into $(VENV); the image is made by this
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --no-cache-dir --constraint constraints.txt .

image: ## Build the container image
	docker build --tag orderchamp-applications .

clean: ## Remove the virtual environment and all local data
	rm -rf $(VENV) .data build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
