#!/bin/sh
# A virtual environment is made, a package of this project is put on its path, and is found there.
set -eu
python3 -m venv --without-pip env
mkdir -p package/greeting
echo 'WORDS = "from a venv"' >package/greeting/__init__.py
site=$(env/bin/python -c 'import site; print(site.getsitepackages()[0])')
echo "$PWD/package" >"$site/greeting.pth"
[ "$(env/bin/python -c 'import greeting; print(greeting.WORDS)')" = "from a venv" ]
[ "$(env/bin/python -c 'import sys; print(sys.prefix)')" = "$PWD/env" ]
