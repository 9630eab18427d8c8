# Every target sets up what it needs in .venv; a second call finds it there.
# Another interpreter: make PYTHON=/path/to/python3.12 brief

VENV := .venv
BIN := $(VENV)/bin
WORKERS := 2
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore $(BIN)/python -m pip --quiet install -c constraints.txt

export PYTHON
# The wheel of pyright carries the checker itself; this keeps it from asking for a newer one.
export PYRIGHT_PYTHON_IGNORE_WARNINGS = 1

.DEFAULT_GOAL := help
.PHONY: help brief test lint bench clean
.DELETE_ON_ERROR:

help:
	@echo "make brief   the talks of examples/yerevan.yaml, solved and written to out/yerevan/brief.html"
	@echo "make test    lint, types, floors and every test"
	@echo "make lint    lint, types and floors alone"
	@echo "make bench   how fast this machine solves"
	@echo "make clean   remove the environment and everything that was computed"

$(VENV)/pyvenv.cfg: tools/environment.sh
	@sh tools/environment.sh $(VENV)
	@touch $@

$(VENV)/brief.stamp: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	@echo "Installing comity into $(VENV) ..."
	@$(PIP) -e '.[brief]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	@echo "Installing comity and its tools into $(VENV) ..."
	@$(PIP) -e '.[brief,dev]'
	@touch $@ $(VENV)/brief.stamp

brief: $(VENV)/brief.stamp
	@$(BIN)/comity talks examples/yerevan.yaml --out out/yerevan

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --no-cache --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/typos
	$(BIN)/python tools/sizes.py

test: lint
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

bench: $(VENV)/brief.stamp
	@$(BIN)/comity bench

clean:
	rm -rf $(VENV) out build dist src/*.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
