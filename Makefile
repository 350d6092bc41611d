# The front door. Every target sets up what it needs; nothing but Python 3.11+ and make is asked for.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
UV_VERSION := 0.13.9

# Tests wait for browsers, kernels and the commands that they start: one worker more than there are processors.
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

export UV_PYTHON_DOWNLOADS := never
# Hundreds of tests start the program: it is compiled once, whatever the machine says.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup report report-flights test test-fast test-engines soak lab lint format lock notebook bench bench-load bench-read bench-scale bench-engines bench-split bench-segments bench-verdicts bench-pages bench-publish bench-adoption bench-explorer bench-mix clean

help:  ## show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("tallysheet needs Python 3.11 or newer, found " + sys.version.split()[0] + ". Set PYTHON=/path/to/python3.11") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install -qq --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode -c requirements.lock -e '.[dev]'
	@touch $@

setup: $(READY)  ## the environment in .venv, and nothing else

report: $(READY)  ## publish a week: make report [WEEK=YYYY-Www] [ARGS="--lang en"]
	@test -n "$$(ls data/raw 2>/dev/null)" || $(BIN)/tallysheet sample
	@$(BIN)/tallysheet report $(if $(WEEK),--week $(WEEK)) $(ARGS)

report-flights: $(READY)  ## the same for the real flights of 2013: make report-flights [WEEK=2013-W17]
	@$(BIN)/tallysheet report --data data/flights $(if $(WEEK),--week $(WEEK)) $(ARGS)

test: $(READY)  ## every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: $(READY)  ## the tests that take less than a minute together: no notebook, browser, fault or file
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m 'not slow and not browser and not fault and not files' $(ARGS)

test-engines: $(READY)  ## the same facts on PostgreSQL and Spark; installs Spark (400 MB), which needs Java 17
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -c requirements.lock -e '.[spark]'
	@$(BIN)/python -m pytest -n0 tests/test_warehouse.py $(ARGS)

soak: $(READY)  ## the long runs: 10,000 fuzzed files, 190 kills, 200 forked kernels, 50 samples' carrier mix, all colours, each table missing
	@TALLYSHEET_SOAK=1 $(BIN)/python -m pytest -n auto --dist load tests/faults/test_fuzz.py tests/faults/test_killed_load.py tests/faults/test_killed_report.py tests/test_warm_kernel.py tests/test_duties_mix.py tests/test_duties_missing.py tests/browser/test_accessible.py $(ARGS)

lab: $(READY)  ## open JupyterLab on the notebooks
	@$(BIN)/jupyter lab --notebook-dir=notebooks $(ARGS)

lint: $(READY)  ## style, types, stripped notebooks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb data/sample/*.ipynb

format: $(READY)  ## mend style and strip notebooks
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/nbstripout --keep-id notebooks/*.ipynb data/sample/*.ipynb

lock: $(READY)  ## resolve requirements.lock and environment.yml anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --all-extras --upgrade --no-header --no-annotate -o requirements.lock pyproject.toml
	@$(BIN)/python tests/contracts/environment.py > environment.yml

bench: $(READY)  ## all benches into tests/bench/RESULTS.md, two hours and more: make bench [ARGS="read load"]
	@$(BIN)/python tests/bench/everything.py $(ARGS)

bench-read: $(READY)  ## a thousand files with one fault each, read by us, pandas, polars and DuckDB
	@$(BIN)/python tests/bench/read.py $(ARGS)

bench-engines: $(READY)  ## all facts on PostgreSQL and, where make test-engines has brought it, Spark
	@$(BIN)/python tests/bench/engines.py $(ARGS)

bench-load: $(READY)  ## 20 million rows against DuckDB's plain typed load, as ratios
	@$(BIN)/python tests/bench/load.py $(ARGS)

bench-scale: $(READY)  ## the weekly cube over 1, 10 and 100 million shipments against hand-written SQL [ARGS="--rows 1000000"]
	@$(BIN)/python tests/bench/scale.py $(ARGS)

bench-split: $(READY)  ## a change split over its segments, icanexplain beside it
	@$(BIN)/python tests/bench/split.py $(ARGS)

bench-segments: $(READY)  ## the search of segments: speed, quality, coverage, wise-pizza beside it [ARGS="--cases 20"]
	@$(BIN)/python tests/bench/segments.py $(ARGS)

bench-verdicts: $(READY)  ## the verdicts against the truth of samples [EVENTS=file] [SEED=n] [SEEDS=k] [SIZE=M] [ARGS="--keep DIR"]
	@$(BIN)/python tests/bench/verdicts.py $(if $(EVENTS),--events $(EVENTS)) $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SIZE),--size $(SIZE)) $(ARGS)

bench-pages: $(READY)  ## size of the published pages, and time to open them in Chromium [ARGS="FOLDER"]
	@$(BIN)/python tests/bench/pages.py $(ARGS)

bench-publish: $(READY)  ## a week's publication against plain papermill and nbconvert commands [ARGS="--pairs 3"]
	@$(BIN)/python tests/bench/publish.py $(ARGS)

bench-adoption: $(READY)  ## the fair comparison of BackShip beside the truth of a sample [ARGS="--data DIR --size M --seed 1"]
	@$(BIN)/python tests/bench/adoption.py $(ARGS)

bench-explorer: $(READY)  ## the explorer: seconds from a changed control to the redrawn view [ARGS="--data DIR --limit 1"]
	@$(BIN)/python tests/bench/explorer.py $(ARGS)

bench-mix: $(READY)  ## the carrier mix: seconds to solve, and what its promises were worth [ARGS="--seeds 10"]
	@$(BIN)/python tests/bench/mix.py $(ARGS)

clean:  ## remove what can be made again (the virtual environment, clean data, published pages)
	rm -rf $(VENV) $(VENV)-* $(foreach made,clean quarantine cube history,data/$(made) data/flights/$(made)) reports/[0-9]* reports/flights reports/index.html reports/runs .pytest_cache .mypy_cache .ruff_cache .hypothesis
