//! Times as people write them.

/// Nanoseconds since 1970 of a time: RFC 3339, a date (its first moment, UTC), or nanoseconds.
pub fn moment(text: &str) -> Result<u64, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text
            .parse()
            .map_err(|_| "more nanoseconds than 64 bits hold".into());
    }
    let time: Option<jiff::Timestamp> = text.parse().ok();
    let time = time.or_else(|| format!("{text}T00:00:00Z").parse().ok());
    let since = time.and_then(|time| u64::try_from(time.as_nanosecond()).ok());
    since.ok_or_else(|| {
        "a time is as 2026-01-05T00:00:00Z or 2026-01-05, from 1970 on, or nanoseconds".into()
    })
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn moments() {
        let day = 1_767_571_200_000_000_000;
        for text in [
            "2026-01-05",
            "2026-01-05T00:00:00Z",
            "2026-01-05T01:00:00+01:00",
            "1767571200000000000",
        ] {
            assert_eq!(moment(text), Ok(day), "{text}");
        }
        for text in [
            "",
            "today",
            "1969-12-31",
            "99999999999999999999",
            "2026-02-30",
        ] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
