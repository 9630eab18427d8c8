#!/bin/sh
# Makes the virtual environment in .venv, once. Chooses a Python of at least 3.11 and, on Debian as root,
# installs what is missing; otherwise names the packages that somebody else has to install.
set -eu
venv=${1:-.venv}

fit() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
choose() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if fit "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}
complete() { [ -n "$1" ] && "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

python=$(choose)
if ! complete "$python"; then
    # Debian keeps ensurepip in a package of its own, named after the interpreter's version.
    version=$([ -n "$python" ] && "$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' || echo 3)
    packages="python$version python$version-venv"
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        echo "Installing $packages ..."
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq >/dev/null
        # shellcheck disable=SC2086  # two packages, two words
        apt-get install -y -qq --no-install-recommends $packages >/dev/null
        python=$(choose)
    fi
fi
if ! complete "$python"; then
    echo "comity needs Python 3.11 or newer with its venv module; on Debian: apt-get install python3 python3-venv" >&2
    exit 1
fi
[ -x "$venv/bin/python" ] && fit "$venv/bin/python" || "$python" -m venv --clear "$venv"
