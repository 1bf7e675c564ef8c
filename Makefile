# make quickstart | test | test-data | lint: each makes .venv from the lock first where it is missing.
PYTHON ?= python3
BIN := .venv/bin
CORES ?= 2
READY := .venv/ready

.PHONY: help quickstart test test-processors test-data lint format lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "zcrepro needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": run make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

quickstart: $(READY)  ## the whole workflow on the embedded benchmark, from training-free scores to the report
	$(BIN)/snakemake --cores $(CORES) --configfile config/quickstart.yaml --quiet rules host reason
	@$(BIN)/zcrepro summary results/quickstart

test: $(READY)  ## all the tests but those that need the real benchmark files
	$(BIN)/python -m pytest -m 'not data' -n $(CORES)

test-processors: $(READY)  ## the tests as on other processors, with one and with two threads
	.ci/test-processors

test-data: $(READY)  ## the tests on the real benchmark files (fetched, or from ZCREPRO_MIRROR)
	$(BIN)/python -m pytest -m data -n $(CORES)

lint: $(READY)  ## ruff, the type checker, snakefmt and snakemake --lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint --configfile config/quickstart.yaml

format: $(READY)  ## format everything
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/snakefmt Snakefile workflow

lock: $(READY)  ## write requirements.lock anew from pyproject.toml
	$(BIN)/pip-compile --quiet --extra dev --extra models --allow-unsafe --strip-extras --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --output-file requirements.lock pyproject.toml
	@# torch names its build and brings CUDA packages that fit it: neither is the lock's business.
	sed -i -E 's/\+cpu$$//; /^(nvidia-|cuda-|triton|pip=|#|$$)/d' requirements.lock

clean:  ## remove the results, but neither the data nor the environment
	rm -rf results/*/ .snakemake
