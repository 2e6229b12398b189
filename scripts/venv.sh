#!/bin/sh
# Make a virtual environment of Python 3.11, on a machine where perhaps not even venv is installed.
set -eu
python=$1
venv=$2
if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
  if command -v python3.11 >/dev/null 2>&1; then
    python=python3.11
  else
    echo "Python 3.11 is needed; install it, or name it: make demo PYTHON=/path/to/python3.11" >&2
    exit 2
  fi
fi
[ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 && exit 0
rm -rf "$venv"
echo "Setting up the environment in $venv (once, about two minutes) ..."
if "$python" -m venv "$venv" >/dev/null 2>&1; then exit 0; fi
rm -rf "$venv"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
  exec "$python" -m venv "$venv"
fi
echo "Python's venv module is missing; install it (Debian: apt-get install python3-venv) and run again" >&2
exit 2
