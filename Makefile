# `make lab` opens the quickstart in JupyterLab, `make test` passes every test.
# Each target sets up what it needs in .venv, once, and is safe to repeat.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
QUICKSTART := notebooks/01_quickstart.ipynb
JS_SOURCES := $(shell find js/src -type f) $(addprefix js/,package.json package-lock.json build.mjs install.json)
STATIC := src/nbtrack/widgets/static src/nbtrack/labextension/static
LAB_ARGS ?=
PYTEST_ARGS ?=
# One more than there are cores: a test of a kernel waits half of its time. A browser has
# processes enough to fill a core.
CORES = $(shell $(PYTHON) -c 'import os; print(os.cpu_count() or 1)')
WORKERS ?= $(shell expr $(CORES) + 1)
BROWSERS ?= $(CORES)
PARALLEL = $(BIN)/python -m pytest --dist loadfile
# What pytest exits with where PYTEST_ARGS chooses no test of a part.
NONE_CHOSEN := 5

# The first that is 3.11 or newer and can make an environment: a name on the path may
# be a shim for a version that is not there, and Debian packages venv apart.
CAN_SET_UP := import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c '$(CAN_SET_UP)' 2>/dev/null && echo $$p && break; done)

# JupyterLab refuses to run as root unless told, and a browser needs a screen.
LAB_FLAGS := $(if $(filter 0,$(shell id -u)),--allow-root)
ifeq ($(shell uname -s),Linux)
LAB_FLAGS += $(if $(DISPLAY)$(WAYLAND_DISPLAY)$(WSL_DISTRO_NAME),,--no-browser)
endif

# Kernels start hundreds of times here: what they import is compiled once.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help lab test test-oldest demo check format bench notebooks pictures clean
.DELETE_ON_ERROR:

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

lab: $(READY) ## Open JupyterLab on the quickstart (LAB_ARGS="--port 9999" goes to it)
	@echo "Opening JupyterLab on $(QUICKSTART); Ctrl+C ends it."
	@$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/$(QUICKSTART) $(LAB_FLAGS) $(LAB_ARGS)

test: $(READY) ## Pass every test (PYTEST_ARGS="-k journal" chooses)
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m tests.artifacts.azurite
	@$(BIN)/python -m tests.models.other_python
	@echo "Testing the front-end's modules"
	@cd js && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent test
	@echo "Testing nbtrack; about ten minutes on two cores"
	@$(PARALLEL) -n $(WORKERS) --ignore=tests/browser --ignore=tests/integrations/mlflow \
		$(PYTEST_ARGS) || test $$? -eq $(NONE_CHOSEN)
	@echo "Testing nbtrack under MLflow; about two minutes"
	@PYTHONPATH=src $(VENV)/mlflow/bin/python -m pytest tests/integrations/mlflow $(PYTEST_ARGS) || \
		test $$? -eq $(NONE_CHOSEN)
	@echo "Testing nbtrack in a browser; about ten minutes more"
	@$(PARALLEL) -n $(BROWSERS) tests/browser $(PYTEST_ARGS) || test $$? -eq $(NONE_CHOSEN)

test-oldest: $(READY) ## Pass the tests of the store on the oldest DuckDB that is supported
	@test -d $(VENV)/oldest || { echo "Installing DuckDB 1.5 beside the newest"; \
		$(BIN)/python -m pip install --quiet --no-deps --target $(VENV)/oldest 'duckdb==1.5.*'; }
	@PYTHONPATH="$(CURDIR)/$(VENV)/oldest" $(PARALLEL) -n $(WORKERS) \
		tests/store tests/tracking tests/registry tests/datasets $(PYTEST_ARGS)

demo: $(READY) ## Run the quickstart without a screen, and print its run table
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
	cp $(QUICKSTART) "$$scratch" && export NBTRACK_STORE="$$scratch/.nbtrack" && \
	echo "Running a copy of $(QUICKSTART); about a minute" && \
	$(BIN)/jupyter execute "$$scratch/$(notdir $(QUICKSTART))" && \
	echo "\$$ nbtrack runs" && $(BIN)/nbtrack runs

check: $(READY) ## Format, lint, types, import contracts
	@echo "Format and lint" && $(BIN)/ruff format --check . && $(BIN)/ruff check .
	@echo "Types of Python" && $(BIN)/mypy
	@echo "Import contracts" && $(BIN)/lint-imports
	@echo "Types of TypeScript" && cd js && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent check

format: $(READY) ## Format the code, and mend what lint can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY) ## Measure, each figure beside its floor
	@$(BIN)/python -m tests.bench

notebooks: $(READY) ## Execute the notebooks anew, as they are stored
	@$(BIN)/python -m tests.models.other_python
	@for notebook in notebooks/*.ipynb; do echo "Executing $$notebook" && \
		case $$notebook in *mlflow*) python=$(VENV)/mlflow/bin/python;; *) python=$(BIN)/python;; esac && \
		PYTHONPATH="$(CURDIR)/src" $$python -m tests.notebooks.execute "$$notebook" || exit 1; done

pictures: $(READY) ## Take the README's pictures anew, in a real JupyterLab
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m tests.browser.picture notebooks/quickstart.png notebooks/compare.png \
		notebooks/registry.png

clean: ## Remove what was installed and built here
	rm -rf $(VENV) js/node_modules js/build $(STATIC)

$(READY): pyproject.toml $(JS_SOURCES)
	@test -n "$(PYTHON)" || { echo "nbtrack needs Python 3.11 or newer with its venv module (on Debian and Ubuntu:" \
		"apt-get install python3-venv). If it is not on the PATH: make PYTHON=/where/it/is"; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version); the first time takes one to three minutes."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "  … installing the tools (1 of 2)"
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --group test --group check
	@echo "  … building the front-end and installing nbtrack (2 of 2)"
	@rm -rf $(STATIC)
	@$(BIN)/python -m pip install --quiet --editable '.[lab]'
	@touch $@
