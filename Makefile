# Two commands do everything on a fresh machine with Python 3.13 and Node 20: `make demo` and `make test`.
# Without make: run the lines of a target by hand, those of `setup` first.

PYTHON ?= $(shell command -v python3.13 2>/dev/null && python3.13 --version >/dev/null 2>&1 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 3

.PHONY: setup demo up test check unit clean

setup: $(VENV)/ready node_modules/.ready

$(VENV)/ready: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13) and "Python 3.13 is needed, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@

node_modules/.ready: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

demo: setup
	$(BIN)/python -m local demo

up: setup
	$(BIN)/python -m local up

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/unit/test_import_rules.py

test: check
	$(BIN)/python -m pytest -n $(JOBS) tests
	$(BIN)/python -m local demo --quiet

clean:
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .local
