//! Texts taken apart into the words that are indexed and looked for.
//!
//! A word is a run of letters, digits and the marks that go with them. Before that the text is
//! folded, so that what people take for the same is the same: case, full and half width, ligatures
//! and composed forms (NFKD, then lower case, then NFC), accents of Latin, Greek and Cyrillic,
//! points of Hebrew and Arabic, `ß` and `ss`, the final sigma. Invisible joiners are dropped.
//!
//! In scripts that put no spaces between words (Han, kana, Hangul, Thai, Lao, Khmer, Burmese,
//! Tibetan) a run is indexed as its single characters and as its pairs of neighbours. A query
//! looks for the pairs, and for the single character only where the run has but one: so a run is
//! found wherever it stands, and now and then a text that has all its pairs in another order.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Changes whenever the same text gives other words, so that the index is built again.
pub const VERSION: u32 = 1;
/// Bytes of a word that count; what follows them is not looked at.
const WORD_BYTES_MAX: usize = 64;

/// What the words are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be found by.
    Index,
    /// To find.
    Query,
}

/// The words of one text.
#[derive(Default)]
pub struct Words {
    folded: String,
    places: Vec<Range<usize>>,
    runs: usize,
}

impl Words {
    /// Takes `text` apart.
    pub fn of(text: &str, purpose: Purpose) -> Self {
        let mut words = Self {
            folded: fold(text),
            ..Self::default()
        };
        let mut run: Option<(usize, bool)> = None;
        let folded = std::mem::take(&mut words.folded);
        for (at, char) in folded.char_indices() {
            let kind = (char.is_alphanumeric() || is_combining_mark(char)).then(|| {
                // A mark belongs to what it stands on.
                match run {
                    Some((_, spaceless)) if is_combining_mark(char) => spaceless,
                    _ => is_spaceless(char),
                }
            });
            match (run, kind) {
                (Some((_, before)), Some(now)) if before == now => {}
                _ => {
                    words.end(&folded, run, at, purpose);
                    run = kind.map(|spaceless| (at, spaceless));
                }
            }
        }
        words.end(&folded, run, folded.len(), purpose);
        words.folded = folded;
        words
    }

    /// In the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|place| &self.folded[place.clone()])
    }

    /// Runs of letters and digits: what a person counts as words.
    pub fn runs(&self) -> usize {
        self.runs
    }

    fn end(&mut self, folded: &str, run: Option<(usize, bool)>, end: usize, purpose: Purpose) {
        let Some((start, spaceless)) = run else {
            return;
        };
        self.runs += 1;
        if !spaceless {
            let bytes = folded[start..end].floor_char_boundary(WORD_BYTES_MAX);
            self.places.push(start..start + bytes);
            return;
        }
        let mut before: Option<Range<usize>> = None;
        for (at, char) in folded[start..end].char_indices() {
            let this = start + at..start + at + char.len_utf8();
            if let Some(before) = &before {
                self.places.push(before.start..this.end);
            }
            if purpose == Purpose::Index || this == (start..end) {
                self.places.push(this.clone());
            }
            before = Some(this);
        }
    }
}

/// Hands the words of listings to the index.
#[derive(Clone)]
pub struct Splitter;

impl Tokenizer for Splitter {
    type TokenStream<'a> = Stream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream {
        Stream {
            words: Words::of(text, Purpose::Index),
            next: 0,
            token: Token::default(),
        }
    }
}

/// The words of one text, one after the other.
pub struct Stream {
    words: Words,
    next: usize,
    token: Token,
}

impl TokenStream for Stream {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.places.get(self.next) else {
            return false;
        };
        self.token.text.clear();
        self.token
            .text
            .push_str(&self.words.folded[word.start..word.end]);
        self.token.position = self.next;
        self.next += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .map(|char| match char {
            // Signs, not letters of the name before them.
            '\u{2120}' | '\u{2122}' => ' ',
            _ => char,
        })
        .nfkd()
        .filter(|char| !is_dropped(*char))
        .flat_map(char::to_lowercase)
        .flat_map(|char| match char {
            'ß' => ['s', 's'].into_iter().take(2),
            'ς' => ['σ', 'σ'].into_iter().take(1),
            _ => [char, char].into_iter().take(1),
        })
        .nfc()
        .collect()
}

/// Accents, points and what is not to be seen.
fn is_dropped(char: char) -> bool {
    matches!(char,
        '\u{300}'..='\u{36F}'
        | '\u{591}'..='\u{5BD}' | '\u{5BF}' | '\u{5C1}'..='\u{5C2}' | '\u{5C4}'..='\u{5C5}' | '\u{5C7}'
        | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}'
        | '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Whether the char belongs to a script that puts no spaces between words, or suffixes onto them
/// without end (Hangul).
fn is_spaceless(char: char) -> bool {
    matches!(char,
        '\u{E00}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(text: &str) -> String {
        Words::of(text, Purpose::Index)
            .iter()
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn query(text: &str) -> String {
        Words::of(text, Purpose::Query)
            .iter()
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn words_are_folded() {
        assert_eq!(index("Red SHOES, size 42!"), "red shoes size 42");
        assert_eq!(index("Café cafe\u{301} CAFÉ"), "cafe cafe cafe");
        assert_eq!(index("Straße STRASSE ẞ"), "strasse strasse ss");
        assert_eq!(index("ΟΔΟΣ οδός"), "οδοσ οδοσ");
        assert_eq!(index("Ёлка ЕЛКА"), "елка елка");
        assert_eq!(index("ＡＢＣ１２３ ﬁne"), "abc123 fine");
        assert_eq!(index("Nike™ Air®"), "nike air");
        assert_eq!(index("İstanbul"), "istanbul");
        assert_eq!(index("سَلَام سلام"), "سلام سلام");
        assert_eq!(index("שָׁלוֹם שלום"), "שלום שלום");
        assert_eq!(index("हिन्दी किताब"), "हिन्दी किताब");
        assert_eq!(index(" -- \u{200B} "), "");
    }

    #[test]
    fn scripts_without_spaces_give_characters_and_pairs() {
        assert_eq!(index("苹果手机"), "苹 苹果 果 果手 手 手机 机");
        assert_eq!(query("苹果手机"), "苹果 果手 手机");
        assert_eq!(query("机"), "机");
        assert_eq!(index("iPhone手机15"), "iphone 手 手机 机 15");
        assert_eq!(query("ｶﾞｽ"), "ガス");
        assert_eq!(query("한국어"), "한국 국어");
        assert_eq!(query("ไทย"), "ไท ทย");
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        let long = "é".repeat(10) + &"ж".repeat(100);
        let words = Words::of(&long, Purpose::Index);
        assert_eq!(words.iter().map(str::len).collect::<Vec<_>>(), [64]);
        assert_eq!(words.runs(), 1);
    }
}
