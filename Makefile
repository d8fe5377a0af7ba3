# Two commands: `make refresh` and `make test`. Both make .venv first, from the pinned and hashed requirements.lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# How many tests run at the same time; those that share what is dear to set up stay together. One more than two processors, for
# some of them wait: for a server that is slow, a schedule, a process to end.
WORKERS ?= 3
# Of the slow ones more do, so one more of these.
SLOW_WORKERS ?= $(shell expr $(WORKERS) + 1)
BENCH := PYTHONPATH=tests $(BIN)/python tests/bench
# Bytecode is written even where the environment says otherwise: the tests start some hundred processes, in three sessions.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $(WORKERS)
# What spoils records and pages: 300 records for each part that parsers share and 100 pages a parser in `make test-all`, ten
# thousand of either in `make soak`.
MUTATED := HYPOTHESIS_PROFILE=thorough $(PYTEST) --dist worksteal -m "not slow and not soak" tests/readers tests/acceptance/test_mutated_pages.py

.PHONY: help refresh test test-all soak lint bench lock vulnerabilities clean
help:  ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed, not " + sys.version.split()[0] + "; run: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing requirements.lock into $(VENV), which takes a minute or two"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

refresh: $(VENV)/installed  ## fetch the sources, rebuild the warehouse, show the cost table
	@$(BIN)/compute-limits refresh

test: $(VENV)/installed  ## the tests, but for the slow ones (some four minutes on two processors)
	$(PYTEST) --dist worksteal -m "not slow and not soak"

test-all: test  ## the slow tests too: real Prefect servers, schedules, the mirror; the longest on a sample (some twenty-five minutes)
	$(MUTATED)
	$(PYTEST) --numprocesses $(SLOW_WORKERS) --dist loadscope --no-loadscope-reorder -m slow

soak: $(VENV)/installed  ## what test-all samples, in full: kills, mutations, simulations (hours)
	SOAK=1 $(MUTATED)
	SOAK=1 $(PYTEST) --dist loadscope -m soak

lint: $(VENV)/installed  ## ruff and strict types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/installed  ## timings as ratios: build, parsing, refresh (with the mirror), fits, ten times the facts, growth, scale, Dask with two workers, theory (with scikit-learn, if it is there)
	$(BENCH)/bench_build.py
	$(BENCH)/bench_parse.py
	$(BENCH)/bench_refresh.py
	$(BENCH)/bench_fits.py
	$(BENCH)/bench_tenfold.py
	$(BENCH)/bench_growth.py
	$(BENCH)/bench_scale.py
	$(BENCH)/bench_dask.py
	$(BENCH)/bench_theory.py

lock:  ## resolve requirements.lock anew for Python 3.11 to 3.13 (needs uv on the PATH)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --upgrade \
	    --no-strip-extras --no-header --no-annotate --quiet --output-file requirements.lock

vulnerabilities: $(VENV)/installed  ## known vulnerabilities of the lock; says so where it could not look (needs pip-audit on the PATH)
	@$(BIN)/python .ci/vulnerabilities.py

clean:  ## remove the environment and what is derived
	rm -rf $(VENV) $(VENV)-3.* data/warehouse/compute_limits*.duckdb* build dist
