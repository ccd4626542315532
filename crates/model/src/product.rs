//! Products: groups of acts by a name, so that who restricts payments need not know their numbers.
//!
//! Only acts that begin business are among them: a payment is counted as it is made or reserved. What ends it goes on where a product is stopped:
//! captures, confirmations, refunds, gifts that are claimed or come back. So nobody's money is caught.

/// Names of the products; the first stands for none.
pub const PRODUCTS: &[&str] = &[
    "none",
    "wallet",
    "payment",
    "sharing",
    "exchange",
    "gift",
    "marketplace",
    "payout",
    "credit",
];

/// The acts of each product, by place in [`PRODUCTS`]. Credit has no acts of its own: it is raw
/// transfers with code 900.
const KINDS: [&[u16]; PRODUCTS.len()] = [
    &[],
    &[30, 31],
    &[32, 33, 34, 38, 42],
    &[35, 36],
    &[48],
    &[90],
    &[72, 73],
    &[46, 47],
    &[900],
];

/// Codes of the transfers that a product makes; none where there is no such product.
pub fn kinds_of(product: u8) -> &'static [u16] {
    KINDS.get(usize::from(product)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{PRODUCTS, kinds_of};
    use crate::ActFacts;

    #[test]
    fn products_are_groups_of_acts() {
        let acts = |product: &str| {
            let place = PRODUCTS.iter().position(|name| *name == product);
            let kinds = kinds_of(place.expect("it is one") as u8).iter();
            let names = kinds.map(|kind| ActFacts::numbered(*kind).expect("it is one").name);
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(acts("wallet"), "top_up withdraw");
        assert_eq!(acts("payment"), "pay pay_split pay_shared hold request_pay");
        assert_eq!(acts("sharing"), "share share_finish");
        assert_eq!(acts("exchange"), "exchange");
        assert_eq!(acts("gift"), "gift_send");
        assert_eq!(acts("marketplace"), "order_place order_pay");
        assert_eq!(acts("payout"), "payout payout_batch");
        assert_eq!(acts("none"), "");
        assert_eq!(kinds_of(99), &[] as &[u16]);
    }
}
