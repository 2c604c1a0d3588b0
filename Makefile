# The book and its tests. Everything is installed into .venv, once.
PYTHON = python3
BIN = .venv/bin
READY = .venv/ready
# otter-grader wants other versions than the book, and only the exercises want it.
OTTER = .venv-otter
TRUSTED =

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

book: $(READY) ## build the book (HTML; warnings are errors)
	rm -rf _build/html && $(BIN)/jupyter-book build . --all -W -n --keep-going
	@echo "The book is at $(CURDIR)/_build/html/index.html"

pdf: $(READY) ## print the whole book (needs Chromium or Chrome)
	mkdir -p _build && $(BIN)/python tools/print_book.py _build/book.pdf
	@echo "The book is at $(CURDIR)/_build/book.pdf"

test: book ## run everything that CI runs
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/pytest tests -rs
	runs=$$(mktemp -d) && trap 'rm -rf "$$runs"' EXIT && RESTORELIB_PROFILE=smoke RESTORELIB_RUNS="$$runs" \
	$(BIN)/pytest book --ignore=book/exercises --nbval-lax --nbval-current-env --nbval-cell-timeout=300

bench-pages: book ## measure how soon each page answers (needs Chromium); figures go to tools/pages.json
	$(BIN)/python tools/bench_pages.py

serve: book ## build the book and show it on http://127.0.0.1:8000
	$(BIN)/python -u -m http.server 8000 --bind 127.0.0.1 --directory _build/html

notebooks: $(READY) ## run every chapter again and store its outputs
	$(BIN)/python tools/run_notebooks.py

assignments: $(READY) $(OTTER)/ready ## make the student copies, solutions and Gradescope archives of the exercises
	$(BIN)/python -m grading build $(OTTER)/bin/python

grade: $(READY) ## mark the notebooks in SUBMISSIONS=folder as EXERCISE=vdsr-lab, into marks.csv
	$(BIN)/python -m grading grade "$(EXERCISE)" "$(SUBMISSIONS)" $(if $(TRUSTED),--trusted)

address: ## write ADDRESS=https://github.com/owner/name wherever the repository is named
	$(PYTHON) tools/address.py "$(ADDRESS)"

clean: ## remove the built book, the caches and .venv
	rm -rf _build .venv $(OTTER) .pytest_cache .ruff_cache *.egg-info

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit("Python 3.11 or newer is needed, %s is %d.%d: try make PYTHON=python3.12" % (sys.executable, v[0], v[1]) if v < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(OTTER)/ready: book/exercises/requirements.txt
	$(PYTHON) -m venv $(OTTER)
	$(OTTER)/bin/pip install --quiet --disable-pip-version-check -r book/exercises/requirements.txt
	@touch $@

.PHONY: help book pdf test bench-pages serve notebooks assignments grade address clean
