# Ascent: `make run` starts everything, `make help` lists the rest. Works with GNU make 3.81 (macOS).
PORT ?= 8000
BIN := .venv/bin
MESSAGES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))
FRONT_END := package.json $(shell find static -path static/dist -prune -o -type f -print 2>/dev/null)
export PORT

.PHONY: help setup run test lint e2e bench shots soak audit lock clean
.DELETE_ON_ERROR:

.SECONDARY:

help:
	@sed -n 's/^\([a-z0-9]*\):.*## /  make \1	/p' Makefile

# Each step leaves a stamp and is done again when what it reads has changed.
setup: .venv/installed node_modules/installed static/dist/build.json $(MESSAGES) ## everything that run and test need

.venv/installed: requirements-dev.lock
	@python=$$(scripts/preflight python) && \
	{ test -x $(BIN)/python || { echo "Making .venv"; "$$python" -m venv .venv; }; }
	@echo "Installing the locked Python packages"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

node_modules/installed: package-lock.json
	@scripts/preflight node
	@echo "Installing the locked npm packages"
	@npm ci --ignore-scripts --silent
	@touch $@

static/dist/build.json: node_modules/installed $(FRONT_END)
	@echo "Building the front-end bundle"
	@npm run --silent build
	@touch $@

%.mo: %.po .venv/installed
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

run: setup ## the whole product with a demo company at http://127.0.0.1:$PORT
	@scripts/preflight port
	@$(BIN)/python -m scripts.run

test: setup ## the whole test-suite, on SQLite unless DATABASE_URL / REDIS_URL are set
	$(BIN)/pytest -n auto --maxschedchunk 4 --ignore=tests/browser $(ARGS)

lint: setup ## style, types, import contracts, templates, migrations, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint --lint --quiet templates
	DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m scripts.check_translations

e2e: setup ## browser journeys in Chromium; one that fails has a second try, and the report says so
	$(BIN)/pytest -n auto --dist loadfile --reruns 1 tests/browser $(ARGS)

bench: setup ## how fast a large company's pages are, on PostgreSQL and Redis (docs/performance.md)
	@$(BIN)/python -m scripts.bench

shots: setup ## every screen of the demo, both languages and themes, into var/shots
	$(BIN)/python -m tests.browser.shots

soak: setup ## hours of attacks: PARTS="schema" or "kills" for some of them (docs/reliability.md)
	$(BIN)/python -m scripts.soak $(PARTS)

audit: setup ## known holes in what we depend on
	$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock
	npm audit --omit=dev

lock: ## pins the dependencies of pyproject.toml anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra dev pyproject.toml -o requirements-dev.lock

clean: ## removes what setup made; the data in var/ stays
	rm -rf .venv node_modules static/dist $(MESSAGES)
