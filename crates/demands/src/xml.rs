//! XML as a small tree of elements: bounded, without a document type, without entities.
//!
//! Only what is in the namespace of the root is kept; what is in another, or in none, is not part
//! of the message and is passed over, however it is named. Attributes are passed over as well: the
//! messages here have none. Errors say where, and never what stands there: it may be about a
//! person.

use core::fmt;

use quick_xml::NsReader;
use quick_xml::events::{BytesRef, Event};
use quick_xml::name::{Namespace, ResolveResult};

use crate::limits::{MESSAGE_BYTES, MESSAGE_DEPTH, MESSAGE_ELEMENTS};

/// Why bytes are no XML that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XmlError {
    /// There are more bytes than there may be.
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// It is not UTF-8, or says that it is not.
    Encoding,
    /// It is not well formed.
    Malformed {
        /// Behind this byte.
        at: u64,
    },
    /// It has a document type, which may name what is elsewhere.
    Doctype,
    /// It refers to an entity other than the five that XML itself has.
    Entity {
        /// Behind this byte.
        at: u64,
    },
    /// Elements stand too deep within each other.
    Deep,
    /// There are too many elements.
    Many,
    /// An element has text beside its elements.
    Mixed {
        /// Behind this byte.
        at: u64,
    },
    /// There is no element, or more than one at the top.
    Root,
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes } => write!(
                f,
                "a message of {bytes} bytes is too large: {MESSAGE_BYTES} at most"
            ),
            Self::Encoding => f.write_str("the message is not UTF-8"),
            Self::Malformed { at } => {
                write!(f, "the message is no well-formed XML behind byte {at}")
            }
            Self::Doctype => f.write_str("the message has a document type; messages have none"),
            Self::Entity { at } => write!(
                f,
                "the message refers to an entity behind byte {at}; only lt, gt, amp, quot, apos and characters are known"
            ),
            Self::Deep => write!(
                f,
                "elements stand more than {MESSAGE_DEPTH} deep within each other"
            ),
            Self::Many => write!(f, "the message has more than {MESSAGE_ELEMENTS} elements"),
            Self::Mixed { at } => write!(
                f,
                "an element has text beside its elements, behind byte {at}"
            ),
            Self::Root => f.write_str("the message is not one element"),
        }
    }
}

impl std::error::Error for XmlError {}

/// An element: its local name, its text, and the elements of the same namespace within it.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
}

/// A message: its root, and the namespace that this is in; empty where it is in none.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub namespace: String,
    pub root: Element,
}

/// What is open while reading.
#[derive(Default)]
struct Open {
    /// Elements that are kept, outermost first.
    stack: Vec<Element>,
    /// How many elements of other namespaces are open within the last of them.
    foreign: usize,
    elements: usize,
    namespace: Option<String>,
    root: Option<Element>,
}

/// Reads a message.
pub(crate) fn read(bytes: &[u8]) -> Result<Message, XmlError> {
    if bytes.len() > MESSAGE_BYTES {
        return Err(XmlError::TooLarge { bytes: bytes.len() });
    }
    let text = core::str::from_utf8(bytes).map_err(|_| XmlError::Encoding)?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if let Some(at) = text.find(|letter| !is_letter(letter)) {
        return Err(XmlError::Malformed { at: at as u64 });
    }
    let mut reader = NsReader::from_str(text);
    let mut open = Open::default();
    loop {
        let at = reader.buffer_position();
        let malformed = XmlError::Malformed { at };
        match reader.read_resolved_event().map_err(|_| malformed)? {
            (space, Event::Start(start)) => {
                open.begin(&space, start.local_name().into_inner(), malformed)?;
            }
            (space, Event::Empty(start)) => {
                open.begin(&space, start.local_name().into_inner(), malformed)?;
                open.end(at)?;
            }
            (_, Event::End(_)) => open.end(at)?,
            (_, Event::Text(text)) => open.text(&text.xml10_content(), at)?,
            (_, Event::CData(text)) => open.text(&text.xml10_content(), at)?,
            (_, Event::GeneralRef(entity)) => {
                let letter = letter_of(&entity).ok_or(XmlError::Entity { at })?;
                open.text(letter.encode_utf8(&mut [0; 4]), at)?;
            }
            (_, Event::Decl(declaration)) => {
                let encoding = declaration.encoding().transpose().map_err(|_| malformed)?;
                let is_ours = encoding.is_none_or(|name| name.eq_ignore_ascii_case("utf-8"));
                if !is_ours {
                    return Err(XmlError::Encoding);
                }
            }
            (_, Event::DocType(_)) => return Err(XmlError::Doctype),
            (_, Event::Comment(_) | Event::PI(_)) => {}
            (_, Event::Eof) => break,
        }
    }
    let is_closed = open.stack.is_empty() && open.foreign == 0;
    match open.root {
        Some(root) if is_closed => Ok(Message {
            namespace: open.namespace.unwrap_or_default(),
            root,
        }),
        _ => Err(XmlError::Root),
    }
}

impl Open {
    fn begin(
        &mut self,
        space: &ResolveResult<'_>,
        name: &str,
        malformed: XmlError,
    ) -> Result<(), XmlError> {
        let space = match space {
            ResolveResult::Bound(Namespace(space)) => *space,
            ResolveResult::Unbound => "",
            ResolveResult::Unknown(_) => return Err(malformed),
        };
        self.elements += 1;
        if self.elements > MESSAGE_ELEMENTS {
            return Err(XmlError::Many);
        }
        if self.stack.len() + self.foreign >= MESSAGE_DEPTH {
            return Err(XmlError::Deep);
        }
        if self.stack.is_empty() && self.root.is_some() {
            return Err(XmlError::Root);
        }
        let ours = self.namespace.get_or_insert_with(|| space.to_owned());
        if self.foreign > 0 || ours != space {
            self.foreign += 1;
            return Ok(());
        }
        // So are all names of ISO 20022, and what is read may be written again.
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(malformed);
        }
        self.stack.push(Element {
            name: name.to_owned(),
            ..Element::default()
        });
        Ok(())
    }

    fn end(&mut self, at: u64) -> Result<(), XmlError> {
        if self.foreign > 0 {
            self.foreign -= 1;
            return Ok(());
        }
        let mut done = self.stack.pop().ok_or(XmlError::Malformed { at })?;
        let text = done.text.trim();
        if !text.is_empty() && !done.children.is_empty() {
            return Err(XmlError::Mixed { at });
        }
        let text = text.to_owned();
        done.text = text;
        match self.stack.last_mut() {
            Some(outer) => outer.children.push(done),
            None => self.root = Some(done),
        }
        Ok(())
    }

    fn text(&mut self, text: &str, at: u64) -> Result<(), XmlError> {
        if self.foreign > 0 {
            return Ok(());
        }
        match self.stack.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(XmlError::Malformed { at }),
        }
        Ok(())
    }
}

/// Whether XML 1.0 knows the character.
fn is_letter(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// The character that a reference stands for: of the five entities of XML, or by its number.
fn letter_of(entity: &BytesRef<'_>) -> Option<char> {
    if entity.is_char_ref() {
        let letter = entity.resolve_char_ref().ok().flatten()?;
        return is_letter(letter).then_some(letter);
    }
    match &**entity {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// A text as it stands in XML.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            _ => out.push(letter),
        }
    }
    out
}
