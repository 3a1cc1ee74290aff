//! Text from outside made safe for the format it goes to.

/// One line without anything a terminal or a reader's eye could be misled by: line breaks and tabs become spaces, other
/// control characters and text-direction overrides become U+FFFD.
pub(super) fn line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            c if c.is_control() => '\u{fffd}',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Text or an attribute of HTML, XML and SVG. Characters that XML 1.0 cannot hold are replaced.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Inline text of GitHub's Markdown, in a table's cell too: nothing in it becomes markup, a mention or a reference.
pub(super) fn markdown(text: &str) -> String {
    let chars: Vec<char> = line(text).chars().collect();
    let word = |i: Option<usize>| i.and_then(|i| chars.get(i)).is_some_and(|c| c.is_alphanumeric());
    let mut out = String::with_capacity(text.len());
    for (i, &c) in chars.iter().enumerate() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // An underscore inside a word is only an underscore.
            '_' if word(i.checked_sub(1)) && word(Some(i + 1)) => out.push('_'),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '$' | '!' => {
                out.push('\\');
                out.push(c);
            }
            // An empty comment keeps a name from being notified.
            '@' => out.push_str("@<!-- -->"),
            c => out.push(c),
        }
    }
    out
}

/// The message of a GitHub workflow command.
pub(super) fn command(text: &str) -> String {
    line(text).replace('%', "%25")
}

/// A property of a GitHub workflow command.
pub(super) fn property(text: &str) -> String {
    command(text).replace(':', "%3A").replace(',', "%2C")
}

/// A value in single quotes, literal to a POSIX shell and to readers of dotenv files. An apostrophe becomes U+2019, as
/// the two have no common way to escape it.
pub(super) fn single_quoted(text: &str) -> String {
    format!("'{}'", line(text).replace('\'', "\u{2019}"))
}

/// At most so many characters, the last of them an ellipsis when something was cut.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        assert_eq!(markdown("a|b`c`<d>\n@me #1 p_9 _x_"), "a\\|b\\`c\\`&lt;d&gt; @<!-- -->me \\#1 p_9 \\_x\\_");
        assert_eq!(xml("<a b=\"c\">&'\u{0}\u{1b}"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;\u{fffd}\u{fffd}");
        assert_eq!(line("a\u{1b}[31m\u{202e}b\r\nc"), "a\u{fffd}[31m\u{fffd}b  c");
    }

    #[test]
    fn a_workflow_command_stays_one_line() {
        assert_eq!(command("50% more\n::error::x"), "50%25 more ::error::x");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
        assert_eq!(
            single_quoted("it's $(rm) \"x\"\nSERINUS_DECISION=promote"),
            "'it\u{2019}s $(rm) \"x\" SERINUS_DECISION=promote'"
        );
    }

    #[test]
    fn shortening_counts_characters_not_bytes() {
        assert_eq!(shortened("ééé", 3), "ééé");
        assert_eq!(shortened("éééé", 3), "éé…");
        assert_eq!(shortened("abc", 0), "…");
    }
}
