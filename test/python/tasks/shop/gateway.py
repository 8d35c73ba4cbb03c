"""The payment provider, as seen from the shop."""

import os

from .errors import CardDeclined, StripeTimeout

TIMEOUT_SECONDS = 30


def charge(order_id, currency, amount):
    """Ask the provider for the money; answers its receipt.

    Its European side is up or down by the file that SHOP_GATEWAY_DOWN names: while it exists, every request in
    euros times out. A person who mends the provider removes it, and a retried job then succeeds.
    """
    if amount <= 0:
        raise CardDeclined(order_id, "nothing to charge")
    return request("POST", "/v1/charges", {"order": order_id, "currency": currency, "amount": amount})


def request(method, path, body):
    """One request to the provider, over a network that is sometimes not there."""
    switch = os.environ.get("SHOP_GATEWAY_DOWN")
    if switch and body["currency"] == "EUR" and os.path.exists(switch):
        raise StripeTimeout("no answer to %s %s after %d s" % (method, path, TIMEOUT_SECONDS))
    return {"receipt": "ch_%s" % body["order"], "currency": body["currency"]}
