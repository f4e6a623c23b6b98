# `make` lists the targets. Each one sets up what it needs: .venv is made on first use, and again only when
# pyproject.toml or constraints.txt changes. Where packages come from is pip's own business (PIP_INDEX_URL,
# PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS, pip.conf); nothing here picks an index.

PYTHON ?= python3
PORT = 8501
BIN = .venv/bin
INSTALL = $(BIN)/python -m pip install --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help app live space test lint format setup docs benchmark derived precomputed wheel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

app: .venv/.installed ## open the site (PORT=8501)
	$(BIN)/ferscope app --port $(PORT)

live: .venv/.installed-live ## build the page Live, which the site serves at /live/
	$(BIN)/python -m webapp.live.build --site ../

space: .venv/.installed ## open the Gradio app on http://localhost:7860
	$(BIN)/python -m webapp.space

test: lint ## lint, then run every test (ARGS='-k name' for some)
	$(BIN)/python -m pytest -n logical --maxprocesses 4 $(ARGS)

lint: setup ## ruff's rules and format, mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## rewrite the code in ruff's format and order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: .venv/.installed-test ## make .venv with all that the tests need

docs: .venv/.installed ## write the scores in README and docs anew, from the cards
	$(BIN)/python scripts/make_docs.py

benchmark: .venv/.installed-test ## measure speed on this machine
	$(BIN)/python benchmarks/speed.py $(ARGS)

derived: .venv/.installed ## measure anew what is stored of the checkpoints and stale (FERSCOPE_DATA=folder)
	$(BIN)/python scripts/make_derived.py $(ARGS)

precomputed: .venv/.installed ## look at the gallery anew for the site's first paint
	$(BIN)/python scripts/make_precomputed.py

wheel: .venv/.installed ## build dist/ferscope-*.whl
	$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .

clean: ## remove .venv, built files and caches
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are touched last: an interrupted installation is taken up again by the next make.
.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "FERScope needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable .
	@touch $@

# .venv/.installed-NAME adds the extra NAME.
.venv/.installed-%: .venv/.installed
	$(INSTALL) --editable '.[$*]'
	@touch $@
