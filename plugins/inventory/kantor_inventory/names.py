"""What acts, records and jobs of inventory are called in the audit and under background work."""

from __future__ import annotations

from portal.api import message

NAMES = {
    "inventory.category_added": message("Added a category"),
    "inventory.count_cancelled": message("Cancelled a count"),
    "inventory.count_entered": message("Entered a figure of a count"),
    "inventory.count_line_added": message("Put an item on a count"),
    "inventory.count_line_decided": message("Decided a line of a count"),
    "inventory.count_lines_kept": message("Kept lines of a count"),
    "inventory.count_planned": message("Planned a count"),
    "inventory.count_posted": message("Posted a count"),
    "inventory.count_sent_back": message("Sent a count back"),
    "inventory.count_submitted": message("Sent a count in"),
    "inventory.code_added": message("Added a barcode"),
    "inventory.code_retired": message("Removed a barcode"),
    "inventory.flag_raised": message("Told that a shelf is nearly empty"),
    "inventory.flag_taken_back": message("Took back that a shelf is nearly empty"),
    "inventory.item_added": message("Added an item"),
    "inventory.item_changed": message("Edited an item"),
    "inventory.place_arranged": message("Chose what a place is to the stock"),
    "inventory.price_set": message("Set a price"),
    "inventory.renamed": message("Renamed a category or a unit"),
    "inventory.rule_set": message("Set the limits of a place"),
    "inventory.supplier_added": message("Added a supplier"),
    "inventory.supplier_changed": message("Edited a supplier"),
    "inventory.unit_added": message("Added a unit to an item"),
    "inventory.unit_named": message("Added a unit"),
    "inventory.unit_retired": message("Switched off a unit of an item"),
    "inventory.item": message("Item"),
    "inventory.stock": message("Stock"),
    "inventory.supplier": message("Supplier"),
    "inventory.count": message("Count"),
    "inventory.order": message("Order"),
    "inventory.requisition": message("Requisition"),
    "inventory.check": message("Check of the ledger"),
    "inventory.sums": message("Sums of the months, and what to count when"),
}
