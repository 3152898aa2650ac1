"""The secret by which a shop's deliveries are proven, where the platform lets us choose it.

It lies in the vault beside the shop's credentials. While it is being exchanged, the former one is accepted, too.
"""

from collections.abc import Mapping

from app.flows.services import Services
from app.platforms.adapter import Adapter, Secret

CHOSEN = "webhook.secret"
FORMER = "webhook.former_secret"
"""Names of secrets in the vault: the one that counts, and the one that counted before."""


def chosen_secret(secrets: Mapping[str, str]) -> Secret | None:
    """Return the secret that counts among an Application's secrets; None where the platform chooses."""
    value = secrets.get(CHOSEN)
    return None if value is None else Secret(value.encode())


def accepted_secrets(secrets: Mapping[str, str]) -> tuple[Secret, ...]:
    """Return every secret of our choice that a delivery may be proven by now."""
    return tuple(Secret(secrets[name].encode()) for name in (CHOSEN, FORMER) if name in secrets)


def secrets_to_keep(
    services: Services, adapter: Adapter, credentials: Mapping[str, str], before: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the secrets of our choice that belong to ``credentials``; empty where the platform chooses.

    Those that an Application has, ``before``, stay: its shop delivers with them.
    """
    if adapter.webhooks is None or adapter.installation.secret_kind(credentials) == "theirs":
        return {}
    kept = {name: before[name] for name in (CHOSEN, FORMER) if name in before}
    return kept if CHOSEN in kept else {CHOSEN: services.new_secret()}


def without_secrets(text: str, secrets: Mapping[str, str]) -> str:
    """Return the words of a shop without the secrets that it may have repeated in them."""
    for name in (CHOSEN, FORMER):
        if name in secrets:
            text = text.replace(secrets[name], "…")
    return text
