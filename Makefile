# Two commands do everything on a fresh machine: `make demo` and `make test`.
# What they need is installed into .venv, once, and again only when pyproject.toml or the pins change.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1

.PHONY: help setup demo tui test check format bench proof proof-long docs pictures pins clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt constraints-uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r constraints.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

setup: $(STAMP) ## install everything into .venv (only when something changed)

demo: $(STAMP) ## the whole automat on this machine: broker, hardware, daemon, back office, front panel
	$(BIN)/locker-sim demo --link run/lockerd.sock

tui: $(STAMP) ## the technician's screens, beside the demo that runs
	$(BIN)/locker-tui --socket run/lockerd.sock --technician T-1

test: $(STAMP) ## the whole test suite
	$(BIN)/python -m pytest -n 4 --dist worksteal $(PYTEST_ARGS)

check: $(STAMP) ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy tests
	$(BIN)/lint-imports

format: $(STAMP) ## rewrite the sources as the checks want them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## every figure beside a floor measured in the same run
	$(BIN)/python -m bench

proof: $(STAMP) ## try for minutes to break every promise; what ran and was found: build/proof.md
	$(BIN)/python -m tests.proof

proof-long: $(STAMP) ## the same for hours, with a page to keep: docs/proof.md (begun again, it goes on)
	$(BIN)/python -m tests.proof --long --resume --directory docs/proof --page docs/proof.md

docs: $(STAMP) ## redraw what the documents show of the code
	$(BIN)/python -m tests.contracts.families
	$(BIN)/python -m tests.contracts.pictures
	$(BIN)/python -m locker.sync.schemas
	$(BIN)/python -m tests.rules.checklist
	$(BIN)/python -m tests.faults.catalogue
	$(BIN)/python -m tests.simulation.golden

pictures: $(STAMP) ## have the technician's screens draw themselves anew for the README
	$(BIN)/python -m tests.screens.tui.pictures

pins: $(STAMP) ## renew the pinned versions and hashes
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 --extra dev --upgrade pyproject.toml -o constraints.txt
	echo uv | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 --upgrade - -o constraints-uv.txt

clean: ## remove what was built and installed
	rm -rf $(VENV) build run .mypy_cache .ruff_cache .pytest_cache .hypothesis
