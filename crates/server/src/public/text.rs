//! Text that stands in a page: escaped, and moments as people read them.

use model::document::moment_text;

/// A page under way. What goes in as text is escaped, so that nothing that somebody entered can
/// be taken for markup.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// Markup of the page's own.
    pub fn raw(&mut self, markup: &str) -> &mut Self {
        self.0 += markup;
        self
    }

    /// Text, inside an element or an attribute in double quotes.
    pub fn text(&mut self, text: &str) -> &mut Self {
        escape(text, &mut self.0);
        self
    }

    /// An element around a text.
    pub fn element(&mut self, name: &str, text: &str) -> &mut Self {
        self.raw("<").raw(name).raw(">").text(text);
        self.raw("</").raw(name).raw(">")
    }

    /// A moment in nanoseconds since 1970, to the second in UTC.
    pub fn moment(&mut self, nanoseconds: u64) -> &mut Self {
        self.raw(&time(nanoseconds))
    }

    pub fn finish(self) -> String {
        self.0
    }
}

/// Appends `text` to `out`, with the five characters that mean something in HTML written as what
/// they are.
fn escape(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

/// Text as it stands in a page.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(text, &mut out);
    out
}

/// A `time` element of a moment in nanoseconds since 1970.
pub(crate) fn time(nanoseconds: u64) -> String {
    let exact = moment_text(nanoseconds);
    let shown = exact.trim_end_matches('Z').replace('T', " ");
    let shown = shown.strip_suffix(":00").unwrap_or(&shown);
    let shown = shown.strip_suffix(" 00:00").unwrap_or(shown);
    format!("<time datetime=\"{exact}\">{shown}</time>")
}

/// A name of the books as words: `under_appeal` is `under appeal`.
pub(crate) fn words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::{Page, escaped, time};

    #[test]
    fn nothing_entered_becomes_markup() {
        let mut page = Page::default();
        page.element("p", "<script>alert('1')</script> & \"x\"");
        assert_eq!(
            page.finish(),
            "<p>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;</p>"
        );
        assert_eq!(escaped("plain"), "plain");
    }

    #[test]
    fn moments_are_as_short_as_they_can_be() {
        let at = |seconds: u64| time(seconds * 1_000_000_000);
        assert_eq!(
            at(0),
            "<time datetime=\"1970-01-01T00:00:00Z\">1970-01-01</time>"
        );
        assert_eq!(
            at(60),
            "<time datetime=\"1970-01-01T00:01:00Z\">1970-01-01 00:01</time>"
        );
        assert!(at(61).contains(">1970-01-01 00:01:01<"));
    }
}
