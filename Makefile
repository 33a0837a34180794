# make run    opens the window; the first time it makes .venv and installs what is pinned in constraints.txt
# make test   lint, types, import contracts and tests on two cores, without a screen
#
# PYTHON=python3.12 make run   chooses the interpreter (3.11 or newer); otherwise the first that works is taken.

VENV := .venv
BIN := $(VENV)/bin
OFFSCREEN := QT_QPA_PLATFORM=offscreen
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3 python; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$name; break; fi; done)

.PHONY: run test check-long bench look format clean libraries libraries-for-tests
# The libraries come first: they may bring the interpreter itself.
.NOTPARALLEL:

run: libraries $(BIN)/.installed
	$(BIN)/playground

test: libraries-for-tests $(BIN)/.installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(OFFSCREEN) $(BIN)/python -m pytest -n 2

check-long: libraries-for-tests $(BIN)/.installed-for-tests
	$(OFFSCREEN) $(BIN)/python -m pytest -m long --timeout=1800

bench: libraries-for-tests $(BIN)/.installed-for-tests
	$(BIN)/python -m benchmarks

look: libraries $(BIN)/.installed
	@mkdir -p build/look
	$(OFFSCREEN) $(BIN)/playground screenshot build/look/dark.png spiral --train 3 --theme dark
	$(OFFSCREEN) $(BIN)/playground screenshot build/look/light.png spiral --train 3 --theme light

format: $(BIN)/.installed-for-tests
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

libraries:
	@PYTHON="$(PYTHON)" sh scripts/install_system_libraries.sh

libraries-for-tests:
	@PYTHON="$(PYTHON)" sh scripts/install_system_libraries.sh --for-tests

# An environment that is already there is kept and only brought up to date.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name it with PYTHON=…" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# The stamps lie inside the environment, so they vanish with it; a changed pin makes them stale.
$(BIN)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -c constraints.txt -e .
	@$(BIN)/python -c 'from engine.training.numba_cache import load_kernels; load_kernels()'  # else at the first start
	@touch $@

$(BIN)/.installed-for-tests: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -c constraints.txt -e '.[test]'
	@touch $(BIN)/.installed $@
