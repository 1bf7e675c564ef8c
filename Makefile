# make quickstart | test | table | plan | stale | test-data | test-faults | test-cluster | test-determinism | test-gpu | lint | docs | links:
# each makes .venv from the lock first if it is missing.
PYTHON ?= python3
BIN := .venv/bin
CORES ?= 2
READY := .venv/ready
TABLES := $(notdir $(basename $(wildcard src/zcrepro/report/tables/[a-z]*.py)))

.PHONY: help quickstart table plan stale test test-processors test-faults test-data test-gpu test-cluster test-determinism lint format docs links pictures reproduction lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "zcrepro needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": run make PYTHON=python3.11")'
	@echo "Installing $$(grep -c == requirements.lock) packages into .venv: downloading takes about a minute, unpacking one or two."
	@# pip itself is silent for minutes, so a loop beside it counts what is there; it ends with this shell.
	@(s=0; while sleep 8 >/dev/null && kill -0 $$$$ 2>/dev/null; do s=$$((s + 8)); \
		echo "  $$s s: $$(ls .venv/lib/*/site-packages 2>/dev/null | grep -c dist-info) packages unpacked"; done) & \
	$(PYTHON) -m venv .venv \
		&& $(BIN)/python -m pip install --disable-pip-version-check --quiet --requirement requirements.lock \
		&& $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .; \
	status=$$?; kill $$!; exit $$status
	@touch $@

quickstart: $(READY)  ## the whole workflow on the embedded benchmark, from training-free scores to the report
	@echo "Running the workflow on the embedded benchmark: about 9 minutes on 2 cores, less if it ran before."
	$(BIN)/snakemake --cores $(CORES) --configfile config/quickstart.yaml --quiet rules host reason
	@$(BIN)/zcrepro summary results/quickstart

ifeq ($(MAKECMDGOALS),table)
$(if $(filter $(NAME),$(TABLES)),,$(error there is no table '$(NAME)'; write make table NAME=, and one of $(TABLES)))
endif

stale: $(READY)  ## files of a run that its configuration no longer makes or reads: CONFIG=config/sample.yaml, DELETE=yes to delete them
	@$(BIN)/python workflow/stale.py $(if $(CONFIG),--configfile $(CONFIG)) $(if $(filter yes,$(DELETE)),--delete)

table: $(READY)  ## one table of the sample: make table NAME=zcp_table1
	$(BIN)/snakemake --cores $(CORES) $(NAME) --configfile config/sample.yaml --quiet host reason
	@cat results/sample/tables/$(NAME).md
	@echo "Written to results/sample/tables/$(NAME).md, .csv and .tex."

plan: $(READY)  ## what a run has still to do and what it costs: make plan, or make plan CONFIG=config/sample.yaml
	@$(BIN)/python workflow/plan.py $(if $(CONFIG),--configfile $(CONFIG))

test: $(READY)  ## all the tests but the long ones and those that need the real files or a GPU
	@echo "Running the tests: about 25 minutes on 2 cores."
	$(BIN)/python -m pytest -m 'not data and not gpu and not faults and not cluster and not determinism' -n $(CORES)

test-processors: $(READY)  ## the tests as on other processors, with one and with two threads
	.ci/test-processors

test-determinism: $(READY)  ## the same tables from other numbers of cores, chunk sizes, threads and hash seeds, one at a time
	$(BIN)/python -m pytest -m determinism -n $(CORES)

test-faults: $(READY)  ## the long tests: hundreds of flipped bits and cuts in each kind of file, ten kills of a run
	$(BIN)/python -m pytest -m 'faults and not cluster$(if $(ZCREPRO_MIRROR),, and not data)' -n $(CORES)

test-data: $(READY)  ## the tests on the real benchmark files (fetched, or from ZCREPRO_MIRROR)
	$(BIN)/python -m pytest -m 'data and not faults' -n $(CORES)

test-cluster: $(READY)  ## a run on a Slurm of this machine's own, with faults of every kind (needs root; installs Slurm); KILLS=yes: and one with ten kills
	$(BIN)/python -m pytest -m 'cluster$(if $(filter yes,$(KILLS)),, and not faults)' tests/cluster

test-gpu: $(READY)  ## the tests that need a GPU: scores as on the CPU, flat memory
	$(BIN)/python -m pytest -m gpu tests/gpu

lint: $(READY)  ## ruff, the type checker, snakefmt and snakemake --lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	.ci/lint-workflow

format: $(READY)  ## format everything
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/snakefmt Snakefile workflow

docs: $(READY)  ## the documentation as a site in build/docs; a broken link is an error
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --jobs $(CORES) --conf-dir docs . build/docs
	@echo "Open build/docs/index.html."

links: $(READY)  ## ask every address in the documentation and in config/datasets.tsv (needs a network)
	$(BIN)/python docs/check_datasets.py
	$(BIN)/sphinx-build --quiet --builder linkcheck --define nb_execution_mode=off --jobs $(CORES) --conf-dir docs . build/links

pictures: $(READY)  ## the pictures in docs/: of the rules, the imports and the published page (needs Graphviz and Chromium)
	$(BIN)/snakemake --rulegraph | sed s/fontname=sans/fontname=Helvetica/ | tred | dot -Grankdir=LR -Tsvg -o docs/workflow.svg
	$(BIN)/python docs/draw_rooms.py | dot -Tsvg -o docs/rooms.svg
	$(BIN)/python docs/draw_page.py

reproduction: $(READY)  ## REPRODUCTION.md, from the tables of the published run
	$(BIN)/python docs/write_reproduction.py

lock: $(READY)  ## write requirements.lock anew from pyproject.toml
	$(BIN)/pip-compile --quiet --extra cluster --extra dev --extra docs --extra models --allow-unsafe --strip-extras --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --output-file requirements.lock pyproject.toml
	@# torch names its build and brings CUDA packages that fit it: neither is the lock's business.
	sed -i -E 's/\+cpu$$//; /^(nvidia-|cuda-|triton|pip=|#|$$)/d' requirements.lock

clean:  ## remove the results, but neither the data nor the environment
	rm -rf results/*/ .snakemake
