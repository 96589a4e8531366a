//! The catalogue's way to write what a module sends.

/// The text inside the brackets that `pattern` begins with, and what follows them.
fn bracketed(pattern: &str, open: char, close: char) -> Option<(&str, &str)> {
    let mut depth = 0;
    for (at, letter) in pattern.char_indices() {
        if letter == open {
            depth += 1;
        } else if letter == close {
            depth -= 1;
            if depth == 0 {
                return Some((&pattern[1..at], &pattern[at + 1..]));
            }
        }
    }
    None
}

/// Whether a line is one that the pattern stands for: `<name>` is a value, `[...]` may be missing.
pub(crate) fn fits(pattern: &str, line: &str) -> bool {
    if pattern.starts_with('[')
        && let Some((inner, rest)) = bracketed(pattern, '[', ']')
    {
        return fits(&format!("{inner}{rest}"), line) || fits(rest, line);
    }
    if pattern.starts_with('<')
        && let Some((name, rest)) = bracketed(pattern, '<', '>')
    {
        if let Some(quoted) = line.strip_prefix('"') {
            let ends = quoted.match_indices('"').map(|(at, _)| at);
            if ends.into_iter().any(|at| fits(rest, &quoted[at + 1..])) {
                return true;
            }
        }
        // Data is anything, another value ends at a comma.
        let any = matches!(name, "data" | "value") || name.contains("time") || name.contains("info");
        let most = if any { line.len() } else { line.find(',').unwrap_or(line.len()) };
        return (0..=most).rev().filter(|&at| line.is_char_boundary(at)).any(|at| fits(rest, &line[at..]));
    }
    let mut letters = pattern.chars();
    match (letters.next(), line.chars().next()) {
        (None, None) => true,
        (Some(wanted), Some(found)) => wanted == found && fits(letters.as_str(), &line[found.len_utf8()..]),
        _ => false,
    }
}

/// The same for the lines of an answer, each of them one of the patterns, in their order. A pattern that ends with ` ...`
/// stands for any number of lines; any of them may be missing.
pub(crate) fn all_fit(patterns: &[String], lines: &[&str]) -> bool {
    let Some((line, others)) = lines.split_first() else { return true };
    let Some((pattern, more)) = patterns.split_first() else { return false };
    let repeated = pattern.strip_suffix(" ...");
    let next = if repeated.is_some() { patterns } else { more };
    fits(repeated.unwrap_or(pattern), line) && all_fit(next, others) || all_fit(more, lines)
}

#[test]
fn patterns() {
    assert!(fits("+CWMODE:<mode>", "+CWMODE:1"));
    assert!(!fits("+CWMODE:<mode>", "+CWMODE:1,2"));
    assert!(!fits("+CWMODE:<mode>", "+CWMODE_CUR:1"));
    assert!(fits("+CWSTATE:<state>,<\"ssid\">", "+CWSTATE:2,\"a,b\""));
    let dns = "+CIPDNS:<enable>[,<\"DNS IP1\">][,<\"DNS IP2\">][,<\"DNS IP3\">]";
    assert!(fits(dns, "+CIPDNS:0") && fits(dns, "+CIPDNS:1,\"8.8.8.8\",\"1.1.1.1\""));
    assert!(!fits(dns, "+CIPDNS:1,8.8.8.8,1.1.1.1,9.9.9.9,"));
    assert!(fits("<link ID>,CONNECT", "4,CONNECT"));
    let list = ["STATUS:<stat>".to_owned(), "+CIPSTATUS:<link ID>,<\"type\"> ...".to_owned()];
    assert!(
        all_fit(&list, &["STATUS:2"]) && all_fit(&list, &["STATUS:3", "+CIPSTATUS:0,\"TCP\"", "+CIPSTATUS:1,\"UDP\""])
    );
    assert!(!all_fit(&list, &["+CIPSTATUS:0,\"TCP\"", "STATUS:2"]) && !all_fit(&list, &["STATUS:2", "STATUS:2"]));
}
