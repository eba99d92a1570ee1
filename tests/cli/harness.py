"""What the command-line tests share: a scratch folder, running the tool, counting."""
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

TOOL = os.environ.get("PERSIHASH", str(pathlib.Path(__file__).resolve().parents[2] / "build" / "persihash"))
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # in memory: the tool syncs what it writes, and disks are slow at that
GOOD, FAILED, USAGE, BAD_DATA, NOT_CONVERGED = 0, 1, 2, 3, 4


class Skip(Exception):
    """Raised by a test whose data or peer is not installed; the text says what is missing."""


def run(*words, env=None, cwd=None, code=GOOD, stdin=None):
    """Runs the tool and checks its exit code. Returns (stdout, stderr)."""
    result = subprocess.run([TOOL, *map(str, words)], env={**os.environ, **(env or {})}, cwd=cwd, input=stdin, capture_output=True, timeout=300)
    out, err = result.stdout.decode(errors="replace"), result.stderr.decode(errors="replace")
    assert result.returncode == code, f"persihash {' '.join(map(str, words))}\n  exit code {result.returncode}, expected {code}\n  {err}"
    assert code == GOOD or err.startswith("persihash"), f"no error text: {err!r}"
    return out, err


def need(path, package):
    if not pathlib.Path(path).exists():
        raise Skip(f"{path} is missing (Debian package {package})")
    return path


def main(tests):
    """Runs each test function in a fresh scratch folder, given as its only argument."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for test in tests:
        with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
            try:
                test(pathlib.Path(folder))
                counts["passed"] += 1
            except Skip as reason:
                print(f"SKIP {test.__name__}: {reason}")
                counts["skipped"] += 1
            except Exception:
                print(f"FAIL {test.__name__}")
                traceback.print_exc(file=sys.stdout)
                counts["failed"] += 1
    print(f"{counts['passed']} passed, {counts['failed']} failed" + (f", {counts['skipped']} skipped" if counts["skipped"] else ""))
    sys.exit(1 if counts["failed"] else 0)
