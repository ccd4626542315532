//! Rule books as text: read, refused, written.

#[path = "../../model/tests/books/mod.rs"]
mod books;

use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::Config;
use rulebook::{read, to_toml};

proptest! {
    #![proptest_config(Config::with_cases(256))]

    /// What the log keeps can be read, and says the same when it is read.
    #[test]
    fn a_written_book_is_read_as_the_same(book in books::book()) {
        let text = to_toml(&book).expect("it is sound");
        match read(&text) {
            Ok(file) => prop_assert_eq!(file.book, book),
            Err(error) => prop_assert!(false, "{}\n{}", error, text),
        }
    }

    /// One byte of text is another: it is refused, or a book that is sound.
    #[test]
    fn other_text_does_not_panic(book in books::book(), at: usize, byte in 0x20..0x7F_u8) {
        let mut text = to_toml(&book).expect("it is sound").into_bytes();
        if !text.is_empty() {
            let at = at % text.len();
            text[at] = byte;
        }
        if let Ok(text) = String::from_utf8(text)
            && let Ok(file) = read(&text)
        {
            prop_assert_eq!(file.book.check(), Ok(()));
        }
    }
}
