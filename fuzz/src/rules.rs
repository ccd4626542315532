//! Rule books: their bytes, and their files.

use model::rule::{RuleBook, bytes};
use rulebook::{read, to_toml};

/// The canonical bytes of a rule book: what is read is sound, is encoded as it was, and is written
/// as a file that is read as the same book.
pub fn rule_book(data: &[u8]) {
    let Ok(book) = bytes::decode(data) else {
        return;
    };
    assert_eq!(bytes::encode(&book), data);
    assert_local_time(&book, data);
    let text = to_toml(&book).expect("what is decoded is sound");
    assert_eq!(read(&text).map(|file| file.book), Ok(book), "{text}");
}

/// The file of a rule book: what is read is sound, and comes back from its bytes and its text. Its
/// examples are tried, whatever they say.
pub fn rule_file(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Ok(file) = read(text) else {
        return;
    };
    assert_eq!(
        bytes::decode(&bytes::encode(&file.book)).as_ref(),
        Ok(&file.book)
    );
    let text = to_toml(&file.book).expect("what is read is sound");
    assert_eq!(
        read(&text).as_ref().map(|file| &file.book),
        Ok(&file.book),
        "{text}"
    );
    let tried = rulebook::examples::run(&file);
    assert_eq!(tried.len(), file.examples.len());
}

/// Local time never goes back, and `moment` is its first second.
fn assert_local_time(book: &RuleBook, data: &[u8]) {
    for zone in &book.zones {
        for offset in &zone.offsets {
            for step in data.iter().take(16).map(|byte| u64::from(*byte) * 701) {
                let at = offset.from.saturating_add(step).saturating_sub(90_000);
                let local = zone.local(at);
                assert!(local <= zone.local(at.saturating_add(1)));
                let first = zone.moment(local);
                assert!(first <= at);
                assert!(zone.local(first) >= local);
                assert!(first == 0 || zone.local(first - 1) < local);
            }
        }
    }
}
