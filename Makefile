# Everything a person types. `make help` lists it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 5006
STORE  ?= data/store
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check bench audit lock notebooks screenshots clean system

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

$(READY): requirements.lock pyproject.toml
	@sh scripts/venv.sh "$(PYTHON)" "$(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY) ## Build the sample store and serve the dashboard (PORT=5006 STORE=data/store)
	@$(BIN)/jitasa demo --store "$(STORE)" --port $(PORT)

system: ## Install Chromium, fonts and a library through apt, where it may
	@sh scripts/system.sh

test: $(READY) system ## Run all tests
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(READY) ## Lint, types, floors of imports, doctests
	@$(BIN)/ruff check .
	@$(BIN)/mypy --strict jitasa_analytics
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest -q --doctest-modules jitasa_analytics

notebooks: $(READY) ## Write the notebooks from their py:percent pairs
	@$(BIN)/jupytext --sync notebooks/*.py

screenshots: $(READY) ## Take the pictures of the README from the sample (needs Chromium)
	@$(BIN)/python scripts/screenshots.py

bench: $(READY) ## Run all benchmarks and print their tables
	@for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

audit: ## Known holes in the locked packages: pip-audit, strict; says where its source can't be reached
	@sh scripts/venv.sh "$(PYTHON)" build/audit && build/audit/bin/python -m pip install --quiet pip-audit
	@build/audit/bin/python scripts/audit.py

lock: $(READY) ## Resolve pyproject.toml anew into requirements.lock (needs uv)
	@uv pip compile pyproject.toml --all-extras --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --python-version 3.11 --output-file requirements.lock

clean: ## Remove the environment and what was built
	@rm -rf $(VENV) build dist data/store .mypy_cache .ruff_cache .hypothesis
