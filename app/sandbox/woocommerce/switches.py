"""How one shop misbehaves, or differs from the next, until it is told otherwise."""

from pydantic import Field

from app.sandbox.shop import switches


class Switches(switches.Switches):
    """Everything as a well-kept shop has it. ``time_scale`` does nothing, since nothing is tried again."""

    failures_allowed: int = Field(
        default=5, ge=0, description="A webhook that fails with more failures in a row behind it is disabled."
    )
    loses_while_sending: bool = Field(
        default=False, description="What happens while a webhook's job for the same product runs is never told."
    )
    only_safe_addresses: bool = Field(
        default=False, description="Deliver to public addresses on ports 80, 443 and 8080 only, as WordPress does."
    )
    only_https_callbacks: bool = Field(
        default=False, description="Hand out keys to https:// addresses only, as the plugin does."
    )
    pretty_permalinks: bool = Field(default=True, description="Without them /wp-json is not there.")
    hears_authorization: bool = Field(
        default=True, description="Some hosts take the Authorization header away before WordPress sees it."
    )
    caches_answers: bool = Field(
        default=False, description="A plugin answers a GET that it has seen before from its cache."
    )
    saves_parents: bool = Field(
        default=True, description="A changed variation has its product saved, too, which tells of both."
    )
    unique_skus: bool = Field(default=True, description="Two products cannot have the same SKU.")
    tells_published: bool = Field(default=True, description="Newer shops know the topic product.published.")
    deletes_quietly: bool = Field(
        default=False, description="Products are deleted past the plugin, so that no hook of it fires."
    )
