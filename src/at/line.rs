//! Pieces of a line.

/// Whether `line` begins with `start`, letters compared without regard to case.
#[must_use]
pub fn starts_with_ignore_case(line: &[u8], start: &[u8]) -> bool {
    line.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// What follows the name of an information response: `+CWJAP:2` and `+CWJAP_CUR=2` both give `2` for `+CWJAP`.
///
/// Firmware and manuals differ in `:` and `=`, in blanks, and in whether `_CUR` or `_DEF` is printed.
#[must_use]
pub fn after_name<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    if !starts_with_ignore_case(line, name) {
        return None;
    }
    let mut rest = &line[name.len()..];
    if starts_with_ignore_case(rest, b"_CUR") || starts_with_ignore_case(rest, b"_DEF") {
        rest = &rest[4..];
    }
    match rest.trim_ascii_start() {
        [b':' | b'=', value @ ..] => Some(value.trim_ascii()),
        _ => None,
    }
}

/// A decimal number that makes up the whole of `text`. `None` for anything else and on overflow.
#[must_use]
pub fn parse_unsigned(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    let mut value = 0u32;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        // Small processors have no multiplication that tells of an overflow.
        if value > u32::MAX / 10 {
            return None;
        }
        value = (value * 10).checked_add(u32::from(digit))?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_leniently() {
        for line in ["+CWJAP:2", "+CWJAP=2", "+cwjap: 2 ", "+CWJAP_CUR:2", "+CWJAP_DEF =2"] {
            assert_eq!(after_name(line.as_bytes(), b"+CWJAP"), Some(&b"2"[..]), "{line}");
        }
        for line in ["+CWJAPX:2", "+CWJA:2", "CWJAP:2", "+CWJAP", ""] {
            assert_eq!(after_name(line.as_bytes(), b"+CWJAP"), None, "{line}");
        }
    }

    #[test]
    fn numbers_are_whole_and_bounded() {
        assert_eq!(parse_unsigned(b"4294967295"), Some(u32::MAX));
        for text in ["", "4294967296", "-1", "1a", " 1"] {
            assert_eq!(parse_unsigned(text.as_bytes()), None, "{text}");
        }
    }
}
