"""How one shop misbehaves, or bends Shopware's rules, until it is told otherwise."""

from pydantic import Field

from app.sandbox.shop import switches


class Switches(switches.Switches):
    """Everything off: the shop behaves. ``time_scale`` shortens the seconds between retries."""

    synchronous: bool = Field(
        default=False, description="Webhooks are sent at once and once, as from shops without a queue worker."
    )
    failures_that_disable: int = Field(
        default=10, ge=1, description="So many exhausted deliveries switch a webhook off."
    )
    outbox: bool = Field(default=False, description="Webhooks carry the headers of the newer transport.")
    token_seconds: int = Field(default=600, ge=1, description="How long an access token lasts.")
    tokens_per_minute: int | None = Field(
        default=None, ge=0, description="More are refused with 429 and Retry-After; 10 in Shopware's cloud."
    )
    failed_logins: int = Field(
        default=10, ge=1, description="After so many the token endpoint refuses for ten seconds."
    )
    app_webhooks_are_locked: bool = Field(
        default=True, description="Nobody may change the webhooks of an app, as in newer versions."
    )
