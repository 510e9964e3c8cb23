# `make` alone lists what there is. Written for GNU make 4 and for the 3.81 that macOS has.
# Every path in a rule is relative, so that the checkout may lie under a path with spaces.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help

# The interpreter that makes the environment. Empty: the first of these that is new enough.
PYTHON ?=
PYTHONS := python3 python3.13 python3.12 python3.11 python
OLDEST := 3, 11

VENV := .venv
PY := $(VENV)/bin/python
BUILD := .build
LESSONS := notebooks solutions
# make notebooks NB=notebooks/03*.ipynb
NB ?= notebooks/*.ipynb solutions/*.ipynb
# make test JOBS=4: how many tests, or notebooks, run at once
JOBS ?= 2

# Without byte code every import is slow, and some machines switch it off for all.
unexport PYTHONDONTWRITEBYTECODE

# What Jupyter and its friends write goes into the tree, and what a home holds is not read.
export JUPYTER_CONFIG_DIR := $(CURDIR)/$(BUILD)/jupyter/config
export JUPYTER_DATA_DIR := $(CURDIR)/$(BUILD)/jupyter/data
export JUPYTER_RUNTIME_DIR := $(CURDIR)/$(BUILD)/jupyter/runtime
export IPYTHONDIR := $(CURDIR)/$(BUILD)/ipython
export MPLCONFIGDIR := $(CURDIR)/$(BUILD)/matplotlib
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/$(BUILD)/hypothesis

.PHONY: help venv learn test test-all units units-all run-notebooks lint notebooks same-notebooks \
	exercises same-exercises validation bench lock clean FORCE

help: ## print this list
	@echo "wselab: learn wafer-scale computing on an emulated wafer"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | \
	  awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

# ---- the environment ---------------------------------------------------------------------

venv: $(VENV)/complete ## make the environment .venv from requirements.lock
	@:

# Sets $$python to the first that is new enough, or says what to do.
define find_python
	python=; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",$(PYTHONS)); do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < ($(OLDEST)))' 2>/dev/null; then \
	    python="$$candidate"; break; \
	  fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "wselab needs Python 3.11 or newer; tried: $(if $(PYTHON),$(PYTHON),$(PYTHONS))." >&2; \
	  echo "Install one (python.org, your package manager, or uv), then name it if it is not" >&2; \
	  echo "found by itself:  make venv PYTHON=/path/to/python3.11" >&2; \
	  exit 1; \
	fi; \
	if ! "$$python" -c 'import venv, ensurepip' 2>/dev/null; then \
	  echo "$$python comes without its module venv. On Debian and Ubuntu:" >&2; \
	  echo "  sudo apt-get install python3-venv" >&2; \
	  exit 1; \
	fi
endef

# Without pip's warnings, which are about the machine's own settings; its errors remain.
PIP_INSTALL := -m pip install --disable-pip-version-check -q -q --compile

# The stamp is written last and holds the checkout's path: an install that was cut short, and
# an environment whose checkout was moved or copied, count as none and are made afresh. Where
# only the lock or the metadata changed, pip mends what differs.
ifneq "$(shell cat $(VENV)/complete 2>/dev/null)" "$(CURDIR)"
$(VENV)/complete: FORCE
endif

$(VENV)/complete: requirements.lock pyproject.toml hatch_build.py
	@if [ "$$(cat $@ 2>/dev/null)" = "$(CURDIR)" ] && $(PY) -c "" 2>/dev/null; then \
	  rm -f $@; \
	  echo "bringing $(VENV) up to date"; \
	else \
	  rm -f $@; \
	  $(find_python); \
	  echo "making $(VENV) with $$("$$python" --version): some minutes, 1 GB"; \
	  "$$python" -m venv --clear $(VENV); \
	fi
	@$(PY) $(PIP_INSTALL) -r requirements.lock
	@$(PY) $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@echo "$(CURDIR)" > $@
	@echo "$(VENV) is ready"

# Folders that the tools above write to, and matplotlib's list of fonts: made before the first
# lesson runs, since matplotlib says so in the lesson's output when that takes it long.
$(BUILD)/ready: $(VENV)/complete
	@mkdir -p $(BUILD)/jupyter/config $(BUILD)/jupyter/data $(BUILD)/jupyter/runtime $(BUILD)/ipython
	@$(PY) -c "import matplotlib.font_manager" 2>/dev/null
	@touch $@

# ---- to learn ----------------------------------------------------------------------------

# A reader's JupyterLab is their own: it takes its settings from where it always does.
learn: $(VENV)/complete ## open the course in JupyterLab
	@unset JUPYTER_CONFIG_DIR JUPYTER_DATA_DIR JUPYTER_RUNTIME_DIR IPYTHONDIR MPLCONFIGDIR; \
	$(PY) -m wselab learn

# ---- to test -----------------------------------------------------------------------------

test: units run-notebooks same-exercises ## unit, property and doc tests, every lesson, the exercises (JOBS=4: four at once)

test-all: lint units-all run-notebooks same-notebooks same-exercises ## what CI runs

# A process that has no test left takes some from another; the cells of a notebook stay together.
UNITS := MPLBACKEND=agg $(PY) -m pytest -n $(JOBS) --dist worksteal --doctest-modules

units: $(BUILD)/ready
	@$(UNITS) tests wselab

units-all: $(BUILD)/ready
	@$(UNITS) -m "" tests wselab

run-notebooks: $(BUILD)/ready
	@TQDM_DISABLE=1 $(PY) -m pytest -n $(JOBS) --dist loadfile --nbval-lax --nbval-current-env \
	  --nbval-cell-timeout=120 --nbval-sanitize-with=tools/sanitize.cfg $(LESSONS)

same-notebooks: $(BUILD)/ready
	@printf '%s\n' $(NB) | xargs -n 1 -P $(JOBS) $(PY) -m tools.notebooks compare

same-exercises: $(BUILD)/ready
	@$(PY) -m tools.exercises --check

lint: $(BUILD)/ready ## ruff on code and notebooks, mypy on wselab/
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy

bench: $(BUILD)/ready ## print the performance table
	@$(PY) -m benchmarks

# ---- to make -----------------------------------------------------------------------------

notebooks: $(BUILD)/ready ## run the lessons again and store their outputs (NB=file for one)
	@$(PY) -m tools.notebooks run $(NB)

exercises: $(BUILD)/ready ## make exercises/ from solutions/
	@$(PY) -m tools.exercises

# Refuses where an error grew; then say so: .venv/bin/python -m tools.validation --worse
validation: $(BUILD)/ready ## predict what was measured, store how far off we are
	@$(PY) -m tools.validation

# Keeps the versions that the lock holds where it can; `make lock UPGRADE=--upgrade` takes new ones.
lock: $(BUILD)/uv/complete ## make requirements.lock from pyproject.toml
	@$(BUILD)/uv/bin/uv pip compile --quiet --universal --python-version 3.11 \
	  --fork-strategy fewest --extra course --extra classroom --extra dev $(UPGRADE) \
	  --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml >/dev/null
	@echo "requirements.lock is made; 'make venv' installs it"

# Not from .venv, which cannot be made while the lock is older than pyproject.toml.
$(BUILD)/uv/complete:
	@$(find_python); "$$python" -m venv --clear $(BUILD)/uv
	@$(BUILD)/uv/bin/python $(PIP_INSTALL) 'uv>=0.9'
	@touch $@

clean: ## remove what tests and tools left; .venv stays
	@rm -rf $(BUILD) dist .pytest_cache .hypothesis
	@find . -name $(VENV) -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -prune -exec rm -rf {} +
