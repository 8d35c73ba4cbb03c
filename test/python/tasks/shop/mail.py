"""Letters to customers."""

import time


def send_receipt(address, order_id, **headers):
    """Send the receipt of an order; answers the id of the message."""
    if "@" not in address:
        raise ValueError("not an address: %r" % (address,))
    return "<%s.%s@shop.example>" % (order_id, len(headers))


def send_newsletter(addresses, pause_seconds=0.1):
    """Send a letter to many, slowly enough for their servers."""
    for _address in addresses:
        time.sleep(pause_seconds)
    return len(addresses)
