"""Known holes in what the project stands on: pip-audit, in strict mode, over the locked packages.

``make audit`` ends with 0 where no advisory touches a locked package, with 1 where one does, and with 2 where the
source of advisories could not be asked: then nothing was checked, and that is said instead of a clean bill.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("pypi", "osv")
# What pip-audit says where a source does not answer, or answers for none of the packages of the lock.
_SILENT = ("ConnectionError", "NameResolutionError", "ConnectTimeout", "Max retries exceeded", "Could not connect",
           "could not be audited", "ServiceError", "HTTPError")


def main(command: list[str], lock: Path = ROOT / "requirements.lock") -> int:
    """Ask each source in turn until one answers.

    Parameters
    ----------
    command : list of str
        How pip-audit is called.
    lock : Path
        The packages with versions and hashes.
    """
    for source in SOURCES:
        done = subprocess.run([*command, "--strict", "--disable-pip", "--require-hashes", "-r", str(lock), "-s", source,
                               "--progress-spinner", "off", "--timeout", "15"], capture_output=True, text=True)
        said = done.stdout + done.stderr
        if done.returncode == 0:
            print(f"No known hole in {lock.name} (advisories of {source}).")
            return 0
        if not any(word in said for word in _SILENT):
            print(done.stdout or done.stderr)
            return 1
        print(f"The advisories of {source} can't be reached from here: {said.strip().splitlines()[-1][:200]}")
    print("NOT CHECKED: no source of advisories could be reached. Run 'make audit' where there is internet.")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [sys.executable, "-m", "pip_audit"]))
