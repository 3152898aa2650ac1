"""What can go wrong, by what should be done about it.

The branch says what to do, the class says what happened. Messages are sentences for people and never hold a secret.

IntegrationError
├── DeliveryError
│   ├── UnknownApplication
│   ├── InvalidSignature
│   ├── Unreadable
│   └── NotStored
├── ApplicationError
│   ├── ApplicationNotFound
│   ├── DeliveryNotFound
│   ├── AlreadyInstalled
│   ├── InvalidInstallation
│   ├── InstallNotFound
│   ├── WrongBrowser
│   ├── ConsentRefused
│   ├── WrongAnswer
│   └── NotPossibleNow
├── TemporaryError
│   ├── NoAnswer
│   ├── PlatformUnavailable
│   ├── OrderchampUnavailable
│   │   └── OutcomeUnknown
│   ├── RateLimited
│   └── RunOver
│       ├── LeaseLost
│       ├── LeaseTooShort
│       ├── ChangedMeanwhile
│       └── BeingStopped
└── PermanentError
    ├── OrderchampRejected
    ├── CredentialsRefused
    ├── PlatformRejected
    └── AddressRefused
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

Side = Literal["shop", "orderchamp"]
Concern = Literal["everybody", "application", "delivery"]


class IntegrationError(Exception):
    """Something expected went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class DeliveryError(IntegrationError):
    """A delivery was not accepted and nothing was stored."""


class UnknownApplication(DeliveryError):
    """There is no such Application."""


class InvalidSignature(DeliveryError):
    """The delivery is not signed with a secret of this Application."""


class Unreadable(DeliveryError):
    """The body of a stored delivery cannot be read as what its topic says."""


class NotStored(DeliveryError):
    """The delivery could not be stored; the platform should send it again.

    ``concerns`` tells for whom that holds now: every delivery, since the database is away; those of this Application; or
    this delivery alone.
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: timedelta = timedelta(seconds=5),
        concerns: Concern = "everybody",
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.concerns = concerns


class ApplicationError(IntegrationError):
    """The back office asked for something that cannot be done."""


class ApplicationNotFound(ApplicationError):
    """There is no such Application."""


class DeliveryNotFound(ApplicationError):
    """There is no such delivery."""


class AlreadyInstalled(ApplicationError):
    """Another supplier has installed this shop."""


class InvalidInstallation(ApplicationError):
    """The installation cannot work as it was given.

    ``reasons`` pairs each part of the request (such as ``credentials.access_token``) with what is wrong with it.
    """

    def __init__(self, message: str, *, reasons: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)


class InstallNotFound(ApplicationError):
    """There is no such install on its way; perhaps it took too long, or this address was used already."""


class WrongBrowser(ApplicationError):
    """This install was begun in another browser, or yours keeps no cookies."""


class ConsentRefused(ApplicationError):
    """The supplier did not let the app in."""


class WrongAnswer(ApplicationError):
    """The answer does not resolve the problem. ``reasons`` as for InvalidInstallation."""

    def __init__(self, message: str, *, reasons: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)


class NotPossibleNow(ApplicationError):
    """The Application is in a state in which this cannot be done."""


class TemporaryError(IntegrationError):
    """Trying again later may succeed.

    ``retry_after`` is the wait that the other side asked for, never undercut; None when it asked for none.
    """

    def __init__(self, message: str | None = None, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NoAnswer(TemporaryError):
    """No complete HTTP answer came back.

    ``maybe_executed`` False: the request never reached the other side, so sending it again is harmless.
    """

    def __init__(self, message: str | None = None, *, maybe_executed: bool) -> None:
        super().__init__(message)
        self.maybe_executed = maybe_executed


class PlatformUnavailable(TemporaryError):
    """The shop did not answer as it should."""


class OrderchampUnavailable(TemporaryError):
    """Orderchamp did not answer as it should."""


class OutcomeUnknown(OrderchampUnavailable):
    """A write was sent to Orderchamp and it is not known whether it was executed."""


class RateLimited(TemporaryError):
    """The other side asked us to slow down; nothing was executed."""


class RunOver(TemporaryError):
    """This run of the lane makes no further call; what is left is for the next one. Nothing has failed."""


class LeaseLost(RunOver):
    """Another worker has taken over this lane; what was being written is dropped."""


class LeaseTooShort(RunOver):
    """The lane's lease might end before the call does."""


class ChangedMeanwhile(RunOver):
    """The Application was paused, changed or uninstalled while its lane was running."""


class BeingStopped(RunOver):
    """The worker is being stopped."""


class PermanentError(IntegrationError):
    """Trying again will not help until something changes."""


class OrderchampRejected(PermanentError):
    """Orderchamp refused a change. ``reasons`` are its own words."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("Orderchamp refused: " + "; ".join(reasons))
        self.reasons = tuple(reasons)


class CredentialsRefused(PermanentError):
    """The credentials of one side are not accepted. ``side`` says which."""

    def __init__(self, side: Side, message: str) -> None:
        super().__init__(message)
        self.side: Side = side


class PlatformRejected(PermanentError):
    """The shop refused a request in a way that repeating it cannot mend."""


class AddressRefused(PermanentError):
    """A shop's address is not one that this service may call."""
