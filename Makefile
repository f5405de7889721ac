# Everything that is done with this repository. `make test` and `make demo` need Python 3.11 or newer and nothing
# else: they make .venv with the locked packages first, and .venv-emulator with the AWS emulator of the tests.

.DEFAULT_GOAL := help
.PHONY: help demo test check bench bench-peers faults live lock clean core dev emulator

export PYTHON

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal
LOCK := PATH="$$PATH:$(BIN)" uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
    --python-version 3.11

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: core ## Show the main job on realistic orders: load, archive, query hot and cold, restore
	rm -rf demo
	$(BIN)/tidegate demo --dir demo

test: check emulator ## Run all checks and all tests
	$(PYTEST)

check: dev ## Run the linter, the formatter, the type checker and the import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: dev emulator ## Measure Tidegate against the raw engine, side by side, and its requests on S3
	$(BIN)/python -m bench

bench-peers: dev ## Install what the benchmarks compare with, in .venv-peers; then run `make bench`
	$(BIN)/python -m venv --clear .venv-peers
	.venv-peers/bin/python -m pip install --disable-pip-version-check --quiet --only-binary :all: -r bench/peers.txt

faults: dev emulator ## Run the property and crash tests with many more examples
	$(PYTEST) --hypothesis-profile faults tests/property tests/faults tests/e2e

live: dev ## Check on a Redshift and a bucket of your own what Tidegate assumes of them; costs money, asks first
	$(BIN)/python -m live

lock: dev ## Lock the newest allowed packages, with hashes; needs uv
	@PATH="$$PATH:$(BIN)" command -v uv >/dev/null || { echo "error: there is no uv; hint: install it" >&2; exit 1; }
	$(LOCK) requirements/core.in -o requirements/core.txt
	for extra in aws notify postgres serve dev; do \
	    $(LOCK) -c requirements/core.txt requirements/$$extra.in -o requirements/$$extra.txt || exit; done
	$(LOCK) requirements/emulator.in -o requirements/emulator.txt
	$(LOCK) -c requirements/dev.txt requirements/build.in -o requirements/build.txt

clean: ## Remove all that make has made, its virtual environments too
	rm -rf .venv .venv-emulator .venv-peers .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

core dev emulator:
	@requirements/install $@
