#!/bin/sh
# What the browser tests need beside Python packages: through apt where this user may, else say what is skipped.
# Chromium draws the pages, the fonts carry Thai in it, and libatomic is what Playwright's driver links to.
set -u
packages="chromium fonts-noto-core libatomic1"
missing=""
for package in $packages; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -z "$missing" ]; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing for the browser tests:$missing ..."
  if apt-get update -qq >/dev/null 2>&1 &&
     DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1; then
    exit 0
  fi
fi
if command -v chromium >/dev/null 2>&1; then
  echo "The browser tests (tests/ui) may miss$missing; to install: apt-get install$missing"
else
  echo "Chromium is not installed and can't be installed here: the browser tests (tests/ui) are skipped."
  echo "To run them: apt-get install$missing"
fi
exit 0
