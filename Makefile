# Every command of the project. `make` alone lists them; each needs nothing but Python 3.11, make and git.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.SUFFIXES:

PYTHON ?= python3
PORT ?= 8000
PYTEST_ARGS ?=
BENCH_ARGS ?=
JOURNEY ?=
SEED ?= $(shell date +%Y-%m-%d)
N ?= 20

py := .venv/bin/python

.PHONY: help setup setup-test demo test check check-all bench fresh journey mutate soak docs catalogs format lock

help: ## List the commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; do printf 'make %-12s %s\n' "$$name" "$$text"; done

# The environment: instant when nothing changed, uv when it is on the PATH, pip otherwise.

setup: ## Make .venv from requirements.lock, by hash
	@$(PYTHON) tools/environment.py

setup-test: ## The same with the test tools of requirements-test.lock
	@$(PYTHON) tools/environment.py --test

# For everybody.

demo: setup ## Run the portal with a believable office in it (PORT=8000); data stays in var/demo
	@exec .venv/bin/kantor --home var/demo demo run --port $(PORT)

# For those who change something.

test: setup-test ## Test everything on SQLite and PostgreSQL (PYTEST_ARGS="plugins/inventory -k ledger")
	@$(py) -m pytest $(PYTEST_ARGS)

check: setup-test ## Style, types, import contracts, translations, documents, locks, schema drift
	@$(py) tools/check.py

check-all: check ## The same, and every page with axe in every theme and width
	@KANTOR_TEST_AXE=all $(py) -m pytest -k "browser or axe" $(PYTEST_ARGS)

format: setup-test ## Format the code and mend what ruff can mend
	@$(py) -m ruff format
	@$(py) -m ruff check --fix

catalogs: setup-test ## Bring the translations up to date with the sources
	@$(py) tools/catalogs.py

docs: setup-test ## Write docs/reference from the code
	@$(py) tools/docs.py

lock: setup-test ## Write the lock files anew from what pyproject.toml declares (LOCK_ARGS=--upgrade)
	@$(py) tools/lock.py $(LOCK_ARGS)

# Longer runs: each prints its figures.

fresh: ## Clone into an empty folder without caches, run the demo, sign in as everybody, start twice
	@$(PYTHON) tools/fresh.py

journey: setup-test ## Drive docs/journeys in a real browser, with a screenshot for each step (JOURNEY=1-first-day)
	@$(py) -m tests.journeys $(JOURNEY)

bench: setup-test ## Measure the budgets against a bare page, with 1,000,000 movements (BENCH_ARGS=)
	@$(py) -m bench $(BENCH_ARGS)
	@$(py) -m bench.reorder

mutate: setup-test ## Break the code N times and count which breaks a test notices (SEED=2026-01-31 N=20)
	@$(py) -m tests.mutate --seed $(SEED) --number $(N)

soak: setup-test ## Kills, the full ledger run over HTTP, long state machines, more forms of planted mistakes
	@$(py) -m tests.soak
