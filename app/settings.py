"""Settings of a deployment: the only reader of the environment.

Every setting is an environment variable of the same name in capitals. Unknown ones are ignored; wrong ones stop the start
with a message that names them.
"""

from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

DEVELOPMENT_VAULT_KEY = "development:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
"""A key that everybody knows. Outside development the service refuses to start with it."""


class Settings(BaseSettings):
    """What a deployment chooses. Defaults are for production, except where production must choose for itself."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    environment: Literal["development", "production"] = Field(
        default="production", description="`development` allows known keys and a sandbox on this machine."
    )
    database_url: SecretStr = Field(description="PostgreSQL, as `postgresql://user:password@host:port/name`.")
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Our address as webshop platforms see it, without a slash.",
    )
    vault_keys: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_VAULT_KEY),
        description="Keys that encrypt secrets at rest, `id:base64` separated by commas; the first one is active.",
    )
    orderchamp_api_url: str = Field(
        default="https://api.orderchamp.com/v1/graphql", description="Orderchamp's GraphQL endpoint."
    )
    orderchamp_www_url: str = Field(
        default="https://www.orderchamp.com",
        description="Where suppliers let our app into their accounts, without a slash.",
    )
    orderchamp_client_id: str = Field(
        default="", description="The client id of our app at Orderchamp; without it suppliers' tokens come by hand."
    )
    orderchamp_client_secret: SecretStr = Field(
        default=SecretStr(""), description="Its client secret, which signs what Orderchamp sends."
    )
    platform_apps: dict[str, dict[str, SecretStr]] = Field(
        default={},
        description='Keys of our apps on platforms, as JSON: `{"shopify": {"client_id": "…", "client_secret": "new,old"}}`.',
    )
    shop_urls: dict[str, str] = Field(
        default={},
        description="Where the shops of a platform answer instead, as JSON, `{shop}` being the shop; development only.",
    )
    allow_private_addresses: bool = Field(
        default=False, description="Allow shops and Orderchamp on private addresses and without TLS; development only."
    )
    max_body_bytes: int = Field(default=8 * 1024 * 1024, gt=0, description="Largest webhook body that is accepted.")
    body_seconds: float = Field(default=10.0, gt=0, description="How long a webhook body may take to arrive.")
    database_pool: int = Field(default=10, gt=0, description="Connections that one process keeps to the database.")
    lanes_per_worker: int = Field(
        default=8, gt=0, description="Applications that one worker process works for at a time."
    )
    look_seconds: float = Field(
        default=3.0, gt=0, description="How often a worker looks for work that no doorbell announced."
    )
    lease_seconds: float = Field(
        default=16.0,
        gt=0,
        description="How long a worker may hold a lane without renewing it; at least two calls, and one call and a second.",
    )
    run_seconds: float = Field(
        default=2.0, gt=0, description="How long one run of a lane takes before others have their turn."
    )
    run_products: int = Field(default=500, gt=0, description="How many products one run of a lane reconciles at most.")
    call_seconds: float = Field(default=8.0, gt=0, description="Deadline of one call to Orderchamp or to a shop.")
    settle_seconds: float = Field(
        default=5.0,
        ge=0,
        description="How long after its deadline a call that got no answer may still take effect, and a publication stay unseen.",
    )
    coalesce_seconds: float = Field(
        default=3.0,
        ge=0,
        description="How long a product rests after a write, so that bursts become one; three times that while one goes on.",
    )
    retry_scale: float = Field(
        default=1.0, gt=0, description="Factor on every wait between attempts; tests shorten it."
    )
    replay_per_second: float = Field(
        default=50.0, gt=0, le=1000, description="Deliveries that a replay works through in a second, per Application."
    )
    check_subscriptions_seconds: float = Field(
        default=6 * 3600.0,
        gt=0,
        description="How often it is looked whether a shop's subscriptions stand; up to a tenth sooner.",
    )
    secret_overlap_seconds: float = Field(
        default=24 * 3600.0,
        ge=0,
        description="How long a webhook secret is accepted after the shop has been told a new one.",
    )
    sweep_hours: float = Field(
        default=24.0, gt=0, description="How often everything of an Application is compared with shop and Orderchamp."
    )
    poll_seconds: float | None = Field(
        default=None,
        gt=0,
        description="How often a shop that does not tell is asked what changed. Empty: as often as suits its platform.",
    )
    keep_bodies_days: float = Field(default=30, gt=0, description="How long the bodies of deliveries are kept.")
    keep_events_days: float = Field(
        default=90, gt=0, description="How long deliveries are kept by which redeliveries are recognised."
    )
    keep_timeline_days: float = Field(default=365, gt=0, description="How long the stories of products are kept.")
    keep_previews_hours: float = Field(
        default=24.0, gt=0, description="How long a preview is kept after it ended, or came no further."
    )
    keep_finished_days: float = Field(default=90, gt=0, description="How long imports and replays are kept that ended.")
    housekeeping_seconds: float = Field(
        default=3600.0, gt=0, description="How often a worker drops what has been kept for long enough."
    )
    shutdown_seconds: float = Field(
        default=15.0, gt=0, description="Within how long a stop is over; calls that have begun are let finish."
    )
    metrics_host: str = Field(
        default="127.0.0.1", description="Address on which a worker shows its metrics; a web process does on its own."
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Port for that, at `/metrics`; 0: a worker shows none."
    )
    prometheus_multiproc_dir: str | None = Field(
        default=None,
        description="Empty folder in which several web processes count together; `serve --processes` makes one by itself.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )

    @field_validator("database_url")
    @classmethod
    def _is_of_postgresql(cls, value: SecretStr) -> SecretStr:
        try:
            scheme = make_url(value.get_secret_value()).get_backend_name()
        except (ArgumentError, ValueError):
            scheme = None
        if scheme not in ("postgres", "postgresql"):
            raise ValueError("it is not written as postgresql://user:password@host:port/name")
        return value

    @field_validator("public_url", "orderchamp_www_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @model_validator(mode="after")
    def _refuse_known_keys(self) -> Self:
        if self.environment == "development":
            return self
        if self.vault_keys.get_secret_value() == DEVELOPMENT_VAULT_KEY:
            raise ValueError("VAULT_KEYS is not set; make one with `python -m app.cli vault-key` and keep it safe")
        if self.allow_private_addresses:
            raise ValueError("ALLOW_PRIVATE_ADDRESSES is for development only")
        if self.shop_urls:
            raise ValueError("SHOP_URLS is for development only")
        return self

    @model_validator(mode="after")
    def _refuse_half_an_app(self) -> Self:
        if bool(self.orderchamp_client_id) != bool(self.orderchamp_client_secret.get_secret_value()):
            raise ValueError("ORDERCHAMP_CLIENT_ID and ORDERCHAMP_CLIENT_SECRET are set together, or not at all")
        return self

    @model_validator(mode="after")
    def _refuse_a_lease_without_room_for_calls(self) -> Self:
        # No call starts that its lease might not outlast; the second is for the wait for the account's budget.
        least = max(2 * self.call_seconds, self.call_seconds + 1)
        if self.lease_seconds < least:
            raise ValueError(f"LEASE_SECONDS is {self.lease_seconds}, but CALL_SECONDS asks for {least} at least")
        return self


def what_is_wrong(error: ValidationError) -> str:
    """Return why settings cannot be used, a line for each of them. What they were set to is not told."""
    lines = []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        name = ": ".join(str(part) for part in each["loc"]).upper()
        why = "it is not set" if each["type"] == "missing" else each["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {why}." if name else f"{why}.")
    return "\n".join(lines)
