"""The two forms of an install: what a supplier chooses, and the credentials that are entered by hand."""

from collections.abc import Mapping, Sequence

from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from app.api.install_pages import FormField, form
from app.domain.application import Storefront
from app.domain.errors import InvalidInstallation
from app.domain.ids import StorefrontId
from app.domain.installing import PendingInstall
from app.domain.settings import ApplicationSettings
from app.flows.installs.choose import Choice, offered
from app.flows.services import Services

Reasons = Sequence[tuple[str, str]]

PRICE_KINDS = (
    ("wholesale", "What a retailer pays"),
    ("consumer", "What a consumer pays, VAT included"),
)


def choice_form(
    services: Services,
    storefronts: Sequence[Storefront],
    *,
    given: Mapping[str, str],
    wrong: str = "",
    reasons: Reasons = (),
) -> HTMLResponse:
    """Return the form in which a supplier chooses platform, shop and settings, as it was filled in before."""
    platforms = tuple(offered(services).items())
    fields = [
        FormField(name="platform", label="Where is your shop?", options=platforms),
        FormField(
            name="shop",
            label="The shop's address",
            hint="As in the browser, such as my-shop.myshopify.com or https://shop.example.",
        ),
        FormField(name="price_kind", label="What are the prices in your shop?", options=PRICE_KINDS),
    ]
    if len(storefronts) > 1:
        options = [(each.id, each.name) for each in storefronts]
        hint = "Where new products are published."
        fields.append(FormField(name="storefront", label="Your storefront", options=options, hint=hint))
    return form(
        "Connect your shop",
        "Its catalogue is imported, and from then on every change in the shop reaches Orderchamp. "
        "All other settings can be changed later.",
        action="/install/orderchamp/choice",
        fields=[_filled(each, given, reasons) for each in fields],
        button="Continue",
        wrong=wrong,
        status=422 if wrong else 200,
    )


def choice_of(given: Mapping[str, str]) -> Choice:
    """Return what was chosen; InvalidInstallation with everything that is missing."""
    reasons = [(name, "Choose one.") for name in ("platform", "price_kind") if not given.get(name)]
    try:
        settings = ApplicationSettings.model_validate({"price_kind": given.get("price_kind", "")})
    except ValidationError:
        settings = None
    if reasons or settings is None:
        raise InvalidInstallation("Something is missing.", reasons=reasons or [("price_kind", "Choose one.")])
    storefront = given.get("storefront")
    return Choice(
        platform=given["platform"],
        shop=given.get("shop", "").strip() or None,
        storefront_id=StorefrontId(storefront) if storefront else None,
        settings=settings,
    )


def keys_form(
    install: PendingInstall,
    platform: str,
    by_hand: Mapping[str, str],
    *,
    given: Mapping[str, str],
    wrong: str = "",
    reasons: Reasons = (),
) -> HTMLResponse:
    """Return the form in which a supplier enters the credentials of a shop on a platform, called so by people.

    ``by_hand`` are the credentials, each with its meaning. They are never shown again.
    """
    fields = [
        FormField(name="shop", label="The shop's address", value=install.shop or ""),
        *(
            FormField(name=name, label=name.replace("_", " ").capitalize(), hint=meaning, secret=True)
            for name, meaning in by_hand.items()
        ),
    ]
    return form(
        f"Connect your {platform} shop",
        "Enter the keys of the shop. They are tried before they are kept, and kept encrypted.",
        action=f"/install/{install.platform}/keys",
        fields=[_filled(each, given, reasons) for each in fields],
        button="Connect",
        wrong=wrong,
        status=422 if wrong else 200,
    )


def _filled(asked: FormField, given: Mapping[str, str], reasons: Reasons) -> FormField:
    """Return a question with the answer that it got and what is wrong with that."""
    errors = [reason for where, reason in reasons if where.rpartition(".")[2] == asked.name]
    only = asked.options[0][0] if len(asked.options) == 1 else asked.value
    return FormField(
        name=asked.name,
        label=asked.label,
        value=given.get(asked.name, only),
        hint=asked.hint,
        options=asked.options,
        secret=asked.secret,
        errors=errors,
    )
