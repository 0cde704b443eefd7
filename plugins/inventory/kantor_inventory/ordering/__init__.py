"""From counted to ordered: how much is needed, the order list, orders and what came of them."""
