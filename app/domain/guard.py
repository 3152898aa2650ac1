"""The guard: so many products to unpublish at once that it is more likely a mistake than a wish."""

from app.domain.settings import GuardSettings


def may_stop(settings: GuardSettings) -> bool:
    """Tell whether the guard ever stops anything: a share of 1 turns it off."""
    return settings.share < 1


def too_many(*, targets: int, lately: int, pending: int, settings: GuardSettings) -> bool:
    """Tell whether hiding ``pending`` more targets, after ``lately`` within the window, is more than may be believed.

    Both the number and the share of all ``targets`` have to be exceeded: a small shop may hide half of its products, a
    large one many of them.
    """
    hidden = lately + pending
    return may_stop(settings) and hidden > settings.number and hidden > settings.share * targets
