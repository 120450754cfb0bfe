# The commands of this repository. CI calls the same ones.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
PYTEST_ARGS ?=
# Many tests wait for other processes, so a few more workers than cores. Each of them reads every test module, and so do
# the programs that tests start: where bytecode is not to be written, they would all compile what they read.
WORKERS ?= $(shell echo $$(( $$(nproc) + 2 )))

.PHONY: help setup demo test probes chaos lint types docs bench emulator lock clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## a venv in .venv with the locked packages
	@scripts/setup.sh

demo: setup ## review a real pull request range end to end on this machine, and show the result
	@$(BIN)/python -m scripts.demo

test: setup ## the test suite, with 100 % branch coverage of domain and use cases
	@echo "==> running the tests in $(WORKERS) processes"
	@$(BIN)/coverage erase
	@PYTHONDONTWRITEBYTECODE= $(BIN)/coverage run -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)
	@$(BIN)/coverage combine --quiet
	@echo "==> branch coverage of app/domain and app/usecases must be 100 %"
	@$(BIN)/coverage report --include='app/domain/*,app/usecases/*' --fail-under=100

probes: setup ## all probes of the sandbox, also with each protection taken away, and test suites inside it
	@echo "==> sandbox probes in $(WORKERS) processes"
	@$(BIN)/python -m pytest -m probes tests -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

chaos: setup ## hundreds of seeded scenarios on real processes: kills, faults, replays (CHAOS_SEED=n repeats one)
	@echo "==> chaos in $(WORKERS) processes"
	@CHAOS_SCENARIOS=$${CHAOS_SCENARIOS:-216} $(BIN)/python -m pytest -m chaos tests/chaos -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

lint: setup ## ruff, and the import contracts
	@echo "==> ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "==> import contracts"
	@$(BIN)/lint-imports

types: setup ## mypy in strict mode
	@echo "==> mypy --strict (a cold cache takes a minute)"
	@$(BIN)/mypy

docs: setup ## links, commands and tables in the documentation
	@echo "==> documentation"
	@$(BIN)/python -m scripts.check_docs

bench: setup ## measure, as ratios against baselines in the same run
	@$(BIN)/python -m scripts.bench

emulator: setup ## drive the product with a GitHub emulator that somebody else wrote (needs Node 20 and npm)
	@$(BIN)/python -m pytest -m emulator tests/foreign -rs --timeout 300

lock: setup ## renew requirements/*.lock from pyproject.toml
	@$(BIN)/python -m scripts.lock

clean: ## remove everything that can be made again
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache htmlcov dist build
	rm -f .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
