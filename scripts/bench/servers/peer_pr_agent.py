"""Peer: PR-Agent's GitHub App server with its defaults, told to do nothing on `opened`. Nothing is durable.

Run by the Python of its own venv: `peer_pr_agent.py --port N`.
"""

from __future__ import annotations

import os
import sys

import uvicorn
from pr_agent.config_loader import get_settings  # type: ignore[import-not-found]

if __name__ == "__main__":
    settings = get_settings()
    settings.set("GITHUB.WEBHOOK_SECRET", os.environ["REVWRIGHT_GITHUB_WEBHOOK_SECRET"])
    settings.set("GITHUB_APP.HANDLE_PR_ACTIONS", [])
    from pr_agent.servers.github_app import app  # type: ignore[import-not-found]

    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]))
