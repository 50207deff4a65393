# make book | pdf | test | test-browser | torture | bench | reproduce | notebooks | lint | dist | lock | sbom | audit - each creates .venv from the lock when it is missing.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
JOBS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() or 1)')

.PHONY: book pdf test test-browser torture bench reproduce notebooks lint lock dist sbom audit
.DELETE_ON_ERROR:

book: $(READY)
	$(BIN)/jupyter-book build --all --quiet --warningiserror --keep-going .
	@echo "The book: $(CURDIR)/_build/html/index.html"

# The built book as one PDF, printed by Chromium (EFFAUG_CHROMIUM names it where none is on the path).
pdf: $(READY)
	test -f _build/html/index.html || $(MAKE) book
	$(BIN)/python book/_ext/pdf.py _build/html _build/effaug.pdf

# A worker takes whole files, whose fixtures are made once and whose notebook has one kernel; they begin in order of
# their names, so that the book, which takes longest, is not left to the end. The docstrings' examples run too; the
# notebooks' .py are no modules.
test: $(READY)
	$(BIN)/python -m pytest --nbval --doctest-modules --ignore-glob='notebooks/*.py' --ignore=tests/browser -n $(JOBS) --maxprocesses 8 \
	  --dist loadfile --no-loadscope-reorder tests notebooks effaug

# The built book in Chromium, with the network off: every page, both themes, three widths. EFFAUG_CHROMIUM names the
# browser where none is on the path. The book is built where there is none; after a change, make book first.
test-browser: $(READY)
	test -f _build/html/index.html || $(MAKE) book
	$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 8 --dist worksteal tests/browser

# The tests that do effaug harm, in their long form; what was counted is shown on the page "What it withstands".
torture: $(READY)
	$(BIN)/python -m pytest -m torture --torture results/torture/counts.json -n $(JOBS) --maxprocesses 8 \
	  --dist load tests

# effaug and its alternatives, timed in turn; what was measured is shown on the page "How fast it is". On an idle machine:
# make bench, make bench CASES="influence --no-store", make bench CASES=--large (10 GB of disk)
CASES ?=
bench: $(READY)
	$(BIN)/python -m benchmarks $(CASES)

# Stored results computed anew and compared: make reproduce TASKS="cifar10-translate digits-crop"
TASKS ?= digits-rotate
reproduce: $(READY)
	$(BIN)/effaug reproduce $(TASKS) --jobs $(JOBS)

# Run every notebook anew and keep its outputs; the .py beside each .ipynb is the text to edit.
notebooks: $(READY)
	$(BIN)/jupytext --quiet --sync notebooks/*.py
	$(BIN)/jupyter nbconvert --log-level WARN --to notebook --inplace --execute --ExecutePreprocessor.record_timing=False notebooks/*.ipynb
	$(BIN)/jupytext --quiet --sync notebooks/*.ipynb
	$(BIN)/effaug figure book/idea.svg

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Only for a change of dependencies; needs uv (pip install uv).
lock:
	uv pip compile --quiet --universal --generate-hashes --no-annotate --custom-compile-command "make lock" \
	  --extra book --group test --output-file requirements.lock pyproject.toml

# A wheel and a source archive, which depend on the commit alone: equal bytes, wherever and whenever they are built.
dist: $(READY)
	mkdir -p dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -c \
	  "from flit_core import buildapi; print(*(build('dist') for build in (buildapi.build_wheel, buildapi.build_sdist)))"

# What is installed and under which licences (CycloneDX), renewed with the lock; and its known vulnerabilities. Need uv.
sbom: $(READY)
	uvx --from cyclonedx-bom==7.5.0 cyclonedx-py environment --output-reproducible --pyproject pyproject.toml \
	  --mc-type library --output-file sbom.json $(BIN)/python
audit:
	uvx --from pip-audit==2.10.1 pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "effaug needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $$($(PYTHON) --version): make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
