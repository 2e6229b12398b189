#!/bin/sh
# Chromium and fonts for the browser tests: through apt where this user may, else say what is skipped.
set -u
if command -v chromium >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium for the browser tests ..."
  if apt-get update -qq >/dev/null 2>&1 &&
     DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-core >/dev/null 2>&1; then
    exit 0
  fi
fi
echo "Chromium is not installed and can't be installed here: the browser tests (tests/ui) are skipped."
echo "To run them: apt-get install chromium fonts-noto-core"
exit 0
