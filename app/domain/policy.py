"""The policies: every rule that two engineers would otherwise decide differently, in one table.

A rule may raise a problem: then its row says how that is titled, what it means, and which calls resolve it. Every row
has a test that names it (``@pytest.mark.policy``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.domain.problem import Action, ProblemKind


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of a problem: the ``action`` of the resolve call, and what it does."""

    action: Action
    does: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """What all problems of one kind have in common. They close by themselves when their cause is gone."""

    title: str
    sentence: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One rule. ``problem`` None: following it needs nobody's attention."""

    rule: str
    problem: ProblemType | None = None


DISMISS = Way("dismiss", "Hide the problem. Nothing else changes; it shows again when it was gone and comes back.")
TRY_AGAIN = Way("try_again", "Try again now.")
RESUME = Way("resume", "Start writing to Orderchamp again, and catch up.")

_PROBLEMS: Mapping[ProblemKind, Policy] = {
    "sku_conflict": Policy(
        rule="An SKU that names more than one variant in the account's shops or on Orderchamp, or that differs from another "
        "only in upper and lower case, is neither matched, created nor written; the stock of what is bound goes on.",
        problem=ProblemType(
            title="One SKU, several variants",
            sentence="The variants are left alone until each has an SKU of its own, or a person says which one it is.",
            ways=(
                Way(
                    "bind",
                    "Give the SKU to one variant of the shop, and to one variant on Orderchamp. Others stay out.",
                ),
                DISMISS,
            ),
        ),
    ),
    "variant_skipped": Policy(
        rule="A variant without an SKU or without a price above zero is skipped and reported; its siblings go on.",
        problem=ProblemType(
            title="Variants that cannot be synchronised",
            sentence="Mend the variants in the shop; they are taken in by themselves.",
            ways=(DISMISS,),
        ),
    ),
    "create_unclear": Policy(
        rule="After a creation of unknown outcome only a product is adopted that has the claimed SKUs, is newer than the "
        "attempt and is bound to nothing.",
        problem=ProblemType(
            title="It is not known whether it was created",
            sentence="Orderchamp has the SKU now, but not on a product that this creation can have made.",
            ways=(
                Way("adopt", "Take what is on Orderchamp as this product, by its SKUs."),
                Way("try_again", "Look at Orderchamp again now."),
                DISMISS,
            ),
        ),
    ),
    "publish_unclear": Policy(
        rule="After a publication of unknown outcome nothing is published a second time, unless Orderchamp shows that the "
        "product was not touched since.",
        problem=ProblemType(
            title="It is not known whether it was published",
            sentence="Publishing twice leaves ghost copies of the variants, so a person has to look.",
            ways=(
                Way("publish", "It is not published: publish it once more."),
                Way("try_again", "Look at Orderchamp again now."),
                DISMISS,
            ),
        ),
    ),
    "storefront_unknown": Policy(
        rule="A product is published where it was last, else on the Application's storefront, else on the account's only "
        "one, else nowhere.",
        problem=ProblemType(
            title="No storefront to publish on",
            sentence="The account has several storefronts and nobody has chosen one.",
            ways=(
                Way("choose_storefront", "Publish these products there. The Application can be given one for all."),
                DISMISS,
            ),
        ),
    ),
    "storefront_not_there": Policy(
        rule="Where the shop's own input names the storefront, a product is published there wherever it was before; one that "
        "the account does not have, or has twice, is nowhere published on.",
        problem=ProblemType(
            title="The storefront that the shop names does not exist",
            sentence="Give the product the name or id of one of the account's storefronts, in the shop's input.",
            ways=(TRY_AGAIN, DISMISS),
        ),
    ),
    "held": Policy(
        rule="A product that somebody unpublished on Orderchamp stays so until the shop takes it from inactive to active, or "
        "a person releases it. Orderchamp is believed once our own publication has had time to be shown.",
        problem=ProblemType(
            title="Unpublished by hand",
            sentence="Somebody unpublished it on Orderchamp, so it is not published again. Stock and details go on.",
            ways=(Way("release", "Publish it again."), DISMISS),
        ),
    ),
    "guard": Policy(
        rule="When more than a set share and number of the products would be unpublished within a window, those are held; "
        "their stock goes on, and is 0 for deleted ones.",
        problem=ProblemType(
            title="Unusually many products to unpublish",
            sentence="They stay published until a person approves; what the shop publishes again is let go by itself.",
            ways=(Way("approve", "Unpublish the listed products, or those of them that are named."), DISMISS),
        ),
    ),
    "wholesale_price_unknown": Policy(
        rule="A consumer price without a rule for the wholesale price makes a draft.",
        problem=ProblemType(
            title="The wholesale price is not known",
            sentence="Say in the settings what the wholesale price is (wholesale_percentage); the drafts are then published.",
            ways=(DISMISS,),
        ),
    ),
    "currency_differs": Policy(
        rule="Prices in another currency than the account's are not sent, and what is new is a draft; everything else goes on.",
        problem=ProblemType(
            title="Prices in another currency",
            sentence="Say in the settings which currency the account's prices have (currency), if it is the shop's. "
            "Otherwise have the shop tell prices in the account's.",
            ways=(DISMISS,),
        ),
    ),
    "deleted_on_orderchamp": Policy(
        rule="A product that somebody deleted on Orderchamp is not created again before the next import.",
        problem=ProblemType(
            title="Deleted on Orderchamp",
            sentence="Somebody deleted it on Orderchamp.",
            ways=(Way("create", "Create it again now."), DISMISS),
        ),
    ),
    "refused": Policy(
        rule="What Orderchamp refuses for good is not tried again before something changes; the rest of the product goes on.",
        problem=ProblemType(
            title="Refused by Orderchamp",
            sentence="Mend what Orderchamp says, in the shop or there.",
            ways=(TRY_AGAIN, DISMISS),
        ),
    ),
    "failed": Policy(
        rule="What fails for the time being is tried about eight times within a day, and then left with the last reason.",
        problem=ProblemType(
            title="Given up",
            sentence="It was tried for a day. The next change of the product tries again, too.",
            ways=(TRY_AGAIN, DISMISS),
        ),
    ),
    "operation_refused": Policy(
        rule="One kind of call that Orderchamp does not permit, while it accepts the credentials, stops only that.",
        problem=ProblemType(
            title="A call is not permitted",
            sentence="Give the token the missing permission on Orderchamp.",
            ways=(TRY_AGAIN, DISMISS),
        ),
    ),
    "credentials_refused": Policy(
        rule="Credentials that are refused, and refused again by a probe, pause the Application; deliveries are still taken "
        "in, and working credentials end the pause.",
        problem=ProblemType(
            title="Credentials do not work any more",
            sentence="Bring new ones; everything that changed meanwhile is caught up with.",
            ways=(RESUME, DISMISS),
        ),
    ),
    "many_failures": Policy(
        rule="Many products that Orderchamp refuses within a day are announced at 50, 70 and 90 % of a limit; at 100 % the "
        "Application is paused.",
        problem=ProblemType(
            title="Many products are refused",
            sentence="Something is wrong with more than single products.",
            ways=(RESUME, DISMISS),
        ),
    ),
    "subscription_refused": Policy(
        rule="A notice that the shop does not let us order is a problem; the other notices are ordered. So is a shop that "
        "does not tell which are ordered; in either case products and their stock go on.",
        problem=ProblemType(
            title="A subscription is refused",
            sentence="Changes of this sort are not told to us.",
            ways=(TRY_AGAIN, DISMISS),
        ),
    ),
    "changes_not_told": Policy(
        rule="A shop that is asked what changed and refuses, or tells something that cannot be read, is asked again at the "
        "usual time; what it tells otherwise is taken in.",
        problem=ProblemType(
            title="The shop does not tell what changed",
            sentence="Changes in the shop may be missing on Orderchamp until it does.",
            ways=(TRY_AGAIN, DISMISS),
        ),
    ),
    "lane_failed": Policy(
        rule="A run that ends with an error that nobody foresaw has its Application rest, ever longer up to a quarter of an "
        "hour; other Applications go on.",
        problem=ProblemType(
            title="The service itself failed",
            sentence="This is a mistake of the service. It tries again by itself, ever more slowly.",
            ways=(TRY_AGAIN, DISMISS),
        ),
    ),
    "changed_again": Policy(
        rule="Stock that Orderchamp shows otherwise, and what is published there although it is not for sale, is mended by a "
        "sweep; what is so again before the shop changes the product is left, and is a problem.",
        problem=ProblemType(
            title="Changed on Orderchamp again",
            sentence="Somebody, or another system, changes it on Orderchamp after us. Changes in the shop are sent all the same.",
            ways=(TRY_AGAIN, DISMISS),
        ),
    ),
    "images_missing": Policy(
        rule="Images are sent only when they changed, and looked for some time later. In place of a set of which none has "
        "arrived, the last one that did is sent again, until the shop has others or a person asks; where there was none, it is "
        "sent three times in all. One that arrived in part is left, since any other would take away what is there.",
        problem=ProblemType(
            title="Images are missing",
            sentence="Orderchamp could not download all of them from the shop. See whether their addresses work for everybody.",
            ways=(Way("try_again", "Send all images of the product, as the shop has them, again now."), DISMISS),
        ),
    ),
}

_SILENT: Mapping[str, Policy] = {
    "sku_swap": Policy(rule="SKUs that change places among variants on Orderchamp go through a temporary SKU."),
    "claim": Policy(rule="Who creates a variant claims its SKU first, once for each account."),
    "target_publication": Policy(
        rule="A target is published while a living source product bound to it is to be published."
    ),
    "deleted_beside_living": Policy(
        rule="A deleted product that shares its target with a living one has its variants sold out: stock 0, DENY."
    ),
    "inactive_beside_shown": Policy(
        rule="An inactive product that shares its target with one that is shown has its variants sold out until it is active "
        "again; a hidden target's stock goes on."
    ),
    "removed_variant": Policy(
        rule="A variant that the shop removed from its product is sold out on Orderchamp, or left, as the setting says; it is "
        "never deleted, and keeps its binding for the day it returns."
    ),
    "mode": Policy(
        rule="An Application keeps everything, follows what is on Orderchamp already, or keeps stock only. A variant that is "
        "added to a product on Orderchamp is a change of it, so following creates it; keeping stock only creates nothing."
    ),
    "stock_is_what_is_there": Policy(
        rule="What the shop can still sell is written as the physical stock. Orderchamp takes its own reservations off that; "
        "they are not in the shop's number, since no order of Orderchamp is brought there."
    ),
    "english_option_names": Policy(
        rule="Common option names become English, since Orderchamp understands no others; the setting has the last word."
    ),
    "oldest_binding": Policy(rule="A target's product fields come from the oldest living source product bound to it."),
    "successor": Policy(
        rule="A variant that the shop made anew takes over the binding of the deleted one with its SKU."
    ),
    "import_reads_first": Policy(
        rule="What an import changes waits until it has read the whole catalogue, so that shared SKUs and what is to be hidden "
        "are seen at once; notices do not wait."
    ),
    "notice_beats_page": Policy(
        rule="A page of the catalogue that is older than a notice changes nothing; where it cannot be ordered, or has what was "
        "deleted, the product is read."
    ),
    "unlisted_is_read": Policy(
        rule="A product that the shop's list does not have is not taken for deleted before a read of it says so."
    ),
    "edited_by_hand": Policy(rule="Fields edited on Orderchamp are overwritten at the next change of that product."),
    "uninstall_approves": Policy(rule="An uninstall that asks to unpublish is its own approval."),
    "untracked_stock": Policy(rule="Stock that the shop does not count is CONTINUE, and no quantity is written."),
    "negative_stock": Policy(rule="Negative stock is 0."),
}

POLICIES: Mapping[str, Policy] = MappingProxyType({**dict[str, Policy](_PROBLEMS.items()), **_SILENT})
"""Every rule by its name; for those that raise a problem, the name is the problem's kind."""


def problem_type(kind: ProblemKind) -> ProblemType:
    """Return what problems of this kind are about and how to get out of them."""
    found = _PROBLEMS[kind].problem
    assert found is not None  # noqa: S101 - this half of the table has them
    return found


def leads_out(kind: ProblemKind, action: Action) -> bool:
    """Tell whether this call resolves problems of this kind."""
    return any(way.action == action for way in problem_type(kind).ways)
