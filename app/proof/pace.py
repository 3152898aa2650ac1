"""The intervals of fault runs: everything that is waited for, shortened by settings, each in proportion to the others."""

WEB_PROCESSES = 2
WORKERS = 2
LEASE_SECONDS = 2.5

SETTINGS = {
    "LEASE_SECONDS": str(LEASE_SECONDS),
    "CALL_SECONDS": "1.2",
    "SETTLE_SECONDS": "0.3",
    "LOOK_SECONDS": "0.3",
    "RUN_SECONDS": "0.5",
    "COALESCE_SECONDS": "0.1",
    "RETRY_SCALE": "0.002",
    "SHUTDOWN_SECONDS": "5",
    "LOG_LEVEL": "info",
}
