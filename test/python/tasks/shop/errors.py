"""What can go wrong on the way to somebody else's server."""


class GatewayError(Exception):
    """The payment provider answered, and the answer was no."""


class StripeTimeout(GatewayError):
    """The payment provider did not answer in time."""


class CardDeclined(GatewayError):
    """The bank refused the card."""

    def __init__(self, order_id, reason):
        super(CardDeclined, self).__init__("order %s: %s" % (order_id, reason))
        self.order_id = order_id
        self.reason = reason
