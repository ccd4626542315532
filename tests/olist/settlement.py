#!/usr/bin/env python3
"""What the Olist orders must come to, counted from their files alone.

Usage: settlement.py DIR [--import REPORT] [--commission MILLIONTHS]

Without --import it prints what each seller has got and what is in escrow at the end, in minor
units. With it, it compares that with the report of `counterfoil import olist DIR --json` and ends
with 1 where they differ.

Counted here, and nowhere shared with the books:
- A line of an order is an item, price and freight. Items of nothing are no lines.
- Money comes in as the order is approved; an order that was carried or delivered was approved, at
  its purchase where nothing is told. Where less was paid than the items cost, so much is taken off
  the last line, and off those before it, each keeps 0.01; where that is not possible, or nothing
  was paid, nothing is sold and what was paid stays in escrow. Where more was paid, and where there
  are no items, the buyer's wallet has it.
- canceled and unavailable: the buyer's wallet gets everything back, except where the goods were
  under way for 30 days before: then it was sold.
- Delivered, or under way for 30 days before the last thing that happened: sold. The seller gets
  the amount of each line less the commission on it, rounded down.
- Everything else that was paid is in escrow.
"""

import csv
import datetime
import glob
import gzip
import json
import os
import sys

DAYS_30 = datetime.timedelta(days=30)
DAYS_365 = datetime.timedelta(days=365)


def rows(directory, stem):
    for pattern in (f"a_{stem}.csv", f"{stem}.csv", f"olist_{stem}_dataset.csv"):
        for path in glob.glob(os.path.join(directory, pattern)) + glob.glob(
            os.path.join(directory, pattern + ".gz")
        ):
            opener = gzip.open if path.endswith(".gz") else open
            with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
                return list(csv.DictReader(file))
    raise SystemExit(f"{directory}: no file of {stem}")


def minor(text):
    whole, _, part = text.partition(".")
    assert whole.isdigit() and len(part) <= 2 and (part.isdigit() or not part), text
    return int(whole) * 100 + int(part.ljust(2, "0"))


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S") if text else None


class Order:
    """One order: when what happened to it, what was sold and what was paid."""

    def __init__(self, row, items, payments):
        self.status = row["order_status"]
        bought = moment(row["order_purchase_timestamp"])
        approved = moment(row["order_approved_at"])
        carried = moment(row["order_delivered_carrier_date"])
        delivered = moment(row["order_delivered_customer_date"])
        self.bought = bought
        self.shipped = carried or delivered
        if approved is None and self.shipped:
            approved = bought
        self.paid_at = approved and max(approved, bought)
        if self.shipped:
            self.shipped = max(self.shipped, self.paid_at)
        self.delivered = delivered and max(delivered, self.shipped)
        self.last = self.delivered or self.shipped or self.paid_at or bought
        items = sorted(items, key=lambda item: int(item["order_item_id"]))
        lines = [
            [item["seller_id"], minor(item["price"]) + minor(item["freight_value"])]
            for item in items
        ]
        self.lines = [line for line in lines if line[1] > 0]
        self.paid = sum(minor(payment["payment_value"]) for payment in payments)
        self.short = False
        self.fit()

    def fit(self):
        """Takes off the lines what was paid less."""
        cost = sum(amount for _, amount in self.lines)
        if not self.lines or self.paid_at is None or self.paid >= cost:
            return
        if self.paid < len(self.lines):
            self.short = True
            return
        missing = cost - self.paid
        for line in reversed(self.lines):
            off = min(missing, line[1] - 1)
            line[1] -= off
            missing -= off

    def outcome(self, end):
        """sold, open or back, at the end."""
        if self.paid_at is None:
            return "back"
        ends = self.status in ("canceled", "unavailable")
        if self.short or self.paid == 0:
            # Nobody ships what is not paid; time gives back what was paid of it, after a year.
            return "back" if ends or self.bought + DAYS_365 < end else "open"
        if self.shipped is None:
            return "back" if ends else "open"
        confirmed = self.shipped + DAYS_30
        if ends:
            return "back" if self.last < confirmed else "sold"
        if self.delivered and self.delivered < confirmed:
            return "sold"
        return "sold" if confirmed < end else "open"


def by_order(all_rows):
    found = {}
    for row in all_rows:
        found.setdefault(row["order_id"], []).append(row)
    return found


def count(directory, commission):
    items = by_order(rows(directory, "order_items"))
    payments = by_order(rows(directory, "order_payments"))
    orders = [
        Order(row, items.get(row["order_id"], []), payments.get(row["order_id"], []))
        for row in rows(directory, "orders")
    ]
    end = max(order.last for order in orders)
    sellers, escrow, came = {}, 0, 0
    for order in orders:
        if order.paid_at:
            came += order.paid
        if not order.lines:
            continue
        outcome = order.outcome(end)
        if outcome == "open":
            escrow += min(order.paid, sum(amount for _, amount in order.lines))
        if outcome == "sold":
            for seller, amount in order.lines:
                taken = amount * commission // 1_000_000
                sums = sellers.setdefault(seller, [0, 0, 0, 0])
                for place, more in enumerate((1, amount, taken, amount - taken)):
                    sums[place] += more
    return {"sellers": sellers, "escrow": escrow, "came": came}


def compare(counted, report):
    told = {
        one["seller"]: [one[name] for name in ("lines", "sales", "commission", "settlement")]
        for one in report["sellers"]
    }
    differences = []
    for seller in sorted(set(told) | set(counted["sellers"])):
        one, other = told.get(seller), counted["sellers"].get(seller)
        if one != other:
            differences.append(f"seller {seller}: the books {one}, the files {other}")
    money = report["money"]
    for name, one, other in (
        ("escrow", money["escrow"], counted["escrow"]),
        ("held", money["held"], counted["escrow"]),
        ("came in", money["by_bank"] + money["by_card"], counted["came"]),
    ):
        if one != other:
            differences.append(f"{name}: the books {one}, the files {other}")
    return differences


def main(arguments):
    commission, report, directory = 100_000, None, None
    while arguments:
        word = arguments.pop(0)
        if word == "--commission":
            commission = int(arguments.pop(0))
        elif word == "--import":
            with open(arguments.pop(0), encoding="utf-8") as file:
                report = json.load(file)
        else:
            directory = word
    if directory is None:
        raise SystemExit(__doc__)
    counted = count(directory, commission)
    if report is None:
        print(json.dumps(counted, indent=1, sort_keys=True))
        return 0
    differences = compare(counted, report)
    for difference in differences:
        print(difference)
    settled = sum(sums[3] for sums in counted["sellers"].values())
    print(
        f"{len(counted['sellers'])} sellers, settled {settled}, escrow {counted['escrow']}, "
        f"came in {counted['came']}: {len(differences)} differences"
    )
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
