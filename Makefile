# Everything a person or a machine does with the project. `make run` and `make test` need only Python, make and git.

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501
# Tests run in as many processes as there are cores; each starts its own PostgreSQL. `make test WORKERS=0` runs them in one.
WORKERS ?= auto

.PHONY: run test check format bench captures lock clean

run: .venv/.runtime
	@$(BIN)/portail demo --servir --port $(PORT)

test: .venv/.dev
	@.ci/outils
	$(BIN)/pytest tests -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev
	@.ci/outils
	$(BIN)/python -m benchmarks

# The pictures of README and docs/, taken from the demonstration.
captures: .venv/.dev
	@.ci/outils
	$(BIN)/python docs/captures.py

# Written anew only on purpose: pins and hashes of everything installed, for Python 3.11 to 3.13.
lock: .venv/.dev
	$(BIN)/uv pip compile pyproject.toml --extra install --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --upgrade -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra install --extra dev -c requirements.lock --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade -q -o requirements-dev.lock

.venv/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else \
	  f"Python 3.11, 3.12 or 3.13 is needed; {sys.executable} is {v[0]}.{v[1]}. Try: make PYTHON=python3.11 run")'
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installation des bibliothèques (une à deux minutes la première fois)…"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
