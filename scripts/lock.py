"""Renews requirements/*.lock from pyproject.toml with uv, for every supported Python, with hashes.

uv is not among the locked packages: this script installs it into a throw-away folder.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

_ROOT = Path(__file__).parent.parent


def main() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())
    extras = [one for extra in project["project"]["optional-dependencies"].values() for one in extra]
    runtime = [*project["project"]["dependencies"], *extras]
    dev = [*runtime, *project["dependency-groups"]["dev"]]
    with tempfile.TemporaryDirectory() as folder:
        tools = Path(folder) / "tools"
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", str(tools), "uv"], check=True)
        uv = tools / "bin" / "uv"
        _compile(uv, Path(folder), runtime, "runtime", constraint=None)
        _compile(uv, Path(folder), dev, "dev", constraint=_ROOT / "requirements" / "runtime.lock")


def _compile(uv: Path, folder: Path, wanted: list[str], name: str, *, constraint: Path | None) -> None:
    source = folder / f"{name}.in"
    source.write_text("\n".join(wanted))
    target = _ROOT / "requirements" / f"{name}.lock"
    command = [str(uv), "pip", "compile", str(source), "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet", "-o", str(target)]
    if constraint is not None:
        command += ["-c", str(constraint)]
    subprocess.run(command, check=True)
    print(f"{target.relative_to(_ROOT)}: {target.read_text().count('==')} pins")


if __name__ == "__main__":
    main()
