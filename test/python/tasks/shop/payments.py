"""Taking money, and giving it back."""

from . import gateway
from .errors import StripeTimeout


def charge_card(order_id, currency, amount=1999, retry=False, always_down=False):
    """Charge the card of an order; answers the receipt.

    ``always_down`` lets this call time out whatever the provider does, for jobs that fail whenever they run.
    """
    if always_down:
        return fail_to_charge(order_id)
    receipt = gateway.charge(order_id, currency, amount)
    receipt["second_try"] = retry
    return receipt


def fail_to_charge(order_id):
    """The second frame of a failure that no repair of the provider cures."""
    raise StripeTimeout("no answer for order %s after %d s" % (order_id, gateway.TIMEOUT_SECONDS))


def refund(order_id, amount):
    """Give the money back; answers what the customer is told."""
    return "refunded %s of order %s" % (amount, order_id)


def settle(day):
    """Sum up a day. Runs when the day's charges have run."""
    return {"day": day, "settled": True}
