"""Imports, sweeps and previews that are given up are told of alike."""

from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from app.domain.errors import PlatformRejected
from app.domain.ids import ApplicationId
from app.domain.importing import Import
from app.domain.previewing import Preview
from app.domain.sweeping import Sweep
from app.flows.operate import start_import
from app.flows.preview import start_preview
from app.flows.services import Services
from app.flows.sweep import start_sweep
from tests.fakes.shop import product
from tests.fakes.stage import Stage

Start = Callable[[Services, ApplicationId], Awaitable[Import | Sweep | Preview]]


@pytest.mark.parametrize(
    ("job", "start"),
    [
        ("import", start_import),
        ("sweep", start_sweep),
        ("preview", lambda services, application_id: start_preview(services, application_id, None)),
    ],
)
async def test_a_long_job_that_is_given_up_is_logged_once_with_its_application_and_the_reason(
    stage: Stage, job: str, start: Start
) -> None:
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    stage.shop.refuses["page"] = PlatformRejected("The shop shows its catalogue to nobody.")
    begun = await start(stage.services, application.id)
    with capture_logs() as logs:
        await stage.settle()
    assert logs == [
        {
            "event": f"{job}_failed",
            "log_level": "warning",
            "application_id": str(application.id),
            f"{job}_id": str(begun.id),
            "reason": "The shop shows its catalogue to nobody.",
        }
    ]
