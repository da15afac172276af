"""`realty ui`: Dagster's webserver and daemon on this home, on loopback only."""

from __future__ import annotations

import subprocess
import sys

from realty_assets.cli_output import say
from realty_assets.recovery import recover
from realty_assets.runs import open_instance
from realty_assets.settings import REPO_ROOT, get_settings
from realty_assets.warehouse import Warehouse


def serve(port: int) -> int:
    """Runs until it is interrupted; returns the exit code of the server."""
    with open_instance() as instance:
        recover(instance, Warehouse.at(get_settings().warehouse_path))
    say(f"Dagster UI: http://127.0.0.1:{port}  (stop it with Ctrl-C)")
    command = [
        *[sys.executable, "-W", "ignore", "-m", "dagster", "dev"],
        *["--workspace", str(REPO_ROOT / "workspace.yaml")],
        *["--host", "127.0.0.1", "--port", str(port)],
    ]
    server = subprocess.Popen(command, cwd=REPO_ROOT)
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.wait()
        return 0
