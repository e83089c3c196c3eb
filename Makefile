# make ask  - answers a question from the example articles        make ask Q="what does a tram ticket cost?"
# make train DATA=folder - train the weights on question sets; make bench DATA="folder ..." - measure beside the peers
# make load - the bot over real sockets: a crowd asks 100,000 passages while they are indexed anew, some minutes
# make words - finds the bot's messages in the code and updates its catalogues of translations
# make audit - the Dockerfile, the compose file, and known weaknesses of the dependencies; needs a network
# make fuzz - feeds damaged files to every parser, a minute each       make fuzz SECONDS=600
# make soak - the bot under load, in bad weather and killed, for ten minutes       make soak MINUTES=60
# make test - formatter, linter, types, import rules and all tests
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SECONDS ?= 60
MINUTES ?= 10
PASSAGES ?= 100000
Q ?= how many soldiers were killed?

.PHONY: ask test setup format words train bench load fuzz soak audit clean

$(VENV)/.runtime: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Footnote needs Python 3.11 or newer: install it, or name one with make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is missing: on Debian or Ubuntu run: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@echo "Installing Footnote into $(VENV) (once)" >&2
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.runtime
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable ".[postgresql]" --group test
	@touch $@

setup: $(VENV)/.test

ask: $(VENV)/.runtime
	@FOLDER=$$(mktemp -d) && trap 'rm -rf "$$FOLDER"' EXIT && \
		export DATABASE_URL="sqlite+aiosqlite:///$$FOLDER/library.db" && \
		$(BIN)/footnote ask --try examples/articles "$(Q)"

test: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -n auto --dist worksteal -m "not alone"
	$(BIN)/pytest -m alone

format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

words: $(VENV)/.test
	$(BIN)/python -m tools.update_words

train: $(VENV)/.test
	$(BIN)/python -m tools.training $(DATA)

$(VENV)/.peers: $(VENV)/.test
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --group peers
	@# It pins an older PyStemmer than ours, and works with ours all the same.
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps "llama-index-retrievers-bm25>=0.8"
	@touch $@

bench: $(VENV)/.peers
	$(BIN)/python -m benchmarks.quality $(DATA)
	$(BIN)/python -m benchmarks.speed --text $(firstword $(DATA))

load: $(VENV)/.test
	$(BIN)/python -m benchmarks.load --passages $(PASSAGES)

fuzz: $(VENV)/.test
	$(BIN)/python tools/fuzz.py --seconds $(SECONDS)

$(VENV)/.soak: $(VENV)/.test
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --group soak
	@touch $@

soak: $(VENV)/.soak
	$(BIN)/python -m tests.soak --minutes $(MINUTES)

$(VENV)/.audit: $(VENV)/.test
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --group audit
	@touch $@

audit: $(VENV)/.audit
	$(BIN)/hadolint deploy/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(BIN)/python -m pip freeze --exclude-editable > $(VENV)/audited.txt
	$(BIN)/pip-audit --strict --no-deps --disable-pip --requirement $(VENV)/audited.txt

clean:
	rm -rf $(VENV) build *.egg-info
