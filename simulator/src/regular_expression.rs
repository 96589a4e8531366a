//! POSIX basic regular expressions over bytes, as far as `AT+SYSMSGFILTERCFG` needs them: no back references, no
//! collating elements.

use core::cell::Cell;
use core::ops::Range;

/// One expression.
#[derive(Debug)]
pub(crate) struct Expression {
    at_start: bool,
    at_end: bool,
    pieces: Vec<Piece>,
}

/// Something, and how often.
#[derive(Debug)]
struct Piece {
    what: Atom,
    least: usize,
    most: usize,
}

#[derive(Debug)]
enum Atom {
    Any,
    Byte(u8),
    Set(Box<[bool; 256]>),
    Group(Vec<Piece>),
}

/// Name and members.
type Class = (&'static [u8], fn(&u8) -> bool);

/// The classes of a bracket expression.
const CLASSES: &[Class] = &[
    (b"alpha", u8::is_ascii_alphabetic),
    (b"digit", u8::is_ascii_digit),
    (b"alnum", u8::is_ascii_alphanumeric),
    (b"upper", u8::is_ascii_uppercase),
    (b"lower", u8::is_ascii_lowercase),
    (b"punct", u8::is_ascii_punctuation),
    (b"xdigit", u8::is_ascii_hexdigit),
    (b"cntrl", u8::is_ascii_control),
    (b"print", |byte| matches!(byte, b' '..=b'~')),
    (b"graph", u8::is_ascii_graphic),
    (b"space", |byte| matches!(byte, b' ' | b'\t'..=b'\r')),
    (b"blank", |byte| matches!(byte, b' ' | b'\t')),
];

impl Expression {
    /// `None` if the text is no expression.
    pub(crate) fn new(text: &[u8]) -> Option<Self> {
        let mut rest = text;
        let at_start = rest.first() == Some(&b'^');
        if at_start {
            rest = &rest[1..];
        }
        let (pieces, rest) = parse(rest, 0)?;
        let at_end = rest == b"$";
        (at_end || rest.is_empty()).then_some(Self { at_start, at_end, pieces })
    }

    /// The first match at or behind `from`, as long as it can be.
    pub(crate) fn find_from(&self, text: &[u8], from: usize) -> Option<Range<usize>> {
        let starts = if self.at_start { 0 } else { text.len() };
        (from..=starts).find_map(|start| {
            let longest = Cell::new(None);
            let see = |end: usize| {
                if !self.at_end || end == text.len() {
                    longest.set(longest.get().max(Some(end)));
                }
                false
            };
            all(&self.pieces, text, start, &see);
            longest.get().map(|end| start..end)
        })
    }
}

/// Up to the end, a final `$`, or the end of a group; gives what is left.
fn parse(mut rest: &[u8], depth: usize) -> Option<(Vec<Piece>, &[u8])> {
    let mut pieces: Vec<Piece> = Vec::new();
    loop {
        let (what, tail) = match rest {
            [] => return (depth == 0).then_some((pieces, rest)),
            [b'$'] if depth == 0 => return Some((pieces, rest)),
            [b'\\', b')', ..] => return (depth > 0).then_some((pieces, rest)),
            [b'\\', b'(', inside @ ..] => {
                let (group, behind) = parse(inside, depth + 1)?;
                (Atom::Group(group), behind.strip_prefix(b"\\)")?)
            }
            // A repetition without something in front, a back reference.
            [b'\\', b'{' | b'}' | b'1'..=b'9', ..] | [b'\\'] => return None,
            [b'\\', byte, tail @ ..] => (Atom::Byte(*byte), tail),
            [b'[', tail @ ..] => parse_set(tail)?,
            [b'.', tail @ ..] => (Atom::Any, tail),
            // A star in front of everything is a star.
            [byte, tail @ ..] => (Atom::Byte(*byte), tail),
        };
        let (least, most, tail) = parse_repetition(tail)?;
        pieces.push(Piece { what, least, most });
        rest = tail;
    }
}

fn parse_repetition(rest: &[u8]) -> Option<(usize, usize, &[u8])> {
    if let [b'*', tail @ ..] = rest {
        return Some((0, usize::MAX, tail));
    }
    let Some(inside) = rest.strip_prefix(b"\\{") else {
        return Some((1, 1, rest));
    };
    let end = inside.windows(2).position(|pair| pair == b"\\}")?;
    let text = std::str::from_utf8(&inside[..end]).ok()?;
    let number = |text: &str| text.parse::<u8>().ok().map(usize::from);
    let (least, most) = match text.split_once(',') {
        None => (number(text)?, number(text)?),
        Some((least, "")) => (number(least)?, usize::MAX),
        Some((least, most)) => (number(least)?, number(most)?),
    };
    (least <= most).then_some((least, most, &inside[end + 2..]))
}

/// Behind the opening bracket.
fn parse_set(mut rest: &[u8]) -> Option<(Atom, &[u8])> {
    let inverted = rest.first() == Some(&b'^');
    if inverted {
        rest = &rest[1..];
    }
    let mut set = Box::new([false; 256]);
    let mut first = true;
    loop {
        rest = match rest {
            [b']', tail @ ..] if !first => {
                set.iter_mut().for_each(|has| *has ^= inverted);
                return Some((Atom::Set(set), tail));
            }
            [b'[', b':', tail @ ..] => {
                let end = tail.windows(2).position(|pair| pair == b":]")?;
                let (_, class) = CLASSES.iter().find(|(name, _)| *name == &tail[..end])?;
                for byte in 0..=u8::MAX {
                    set[usize::from(byte)] |= class(&byte);
                }
                &tail[end + 2..]
            }
            [from, b'-', to, tail @ ..] if *to != b']' => {
                if from > to {
                    return None;
                }
                for byte in *from..=*to {
                    set[usize::from(byte)] = true;
                }
                tail
            }
            [byte, tail @ ..] => {
                set[usize::from(*byte)] = true;
                tail
            }
            [] => return None,
        };
        first = false;
    }
}

/// Whether the pieces fit from `at` on in such a way that what follows them fits, too.
fn all(pieces: &[Piece], text: &[u8], at: usize, then: &dyn Fn(usize) -> bool) -> bool {
    match pieces {
        [] => then(at),
        [piece, rest @ ..] => repeat(piece, 0, text, at, &|end| all(rest, text, end, then)),
    }
}

/// `done` times the piece has been found, up to `at`; more of it first.
fn repeat(piece: &Piece, done: usize, text: &[u8], at: usize, then: &dyn Fn(usize) -> bool) -> bool {
    let Atom::Group(group) = &piece.what else {
        // Bytes are counted, not followed one by one: messages are long.
        let rest = text.get(at..).unwrap_or_default();
        let most = rest.iter().take(piece.most).take_while(|byte| piece.what.is(**byte)).count();
        return (piece.least..=most).rev().any(|count| then(at + count));
    };
    // Empty repetitions lead nowhere.
    let again = |end: usize| (end > at || done < piece.least) && repeat(piece, done + 1, text, end, then);
    done < piece.most && all(group, text, at, &again) || done >= piece.least && then(at)
}

impl Atom {
    fn is(&self, byte: u8) -> bool {
        match self {
            Self::Any => true,
            Self::Byte(wanted) => *wanted == byte,
            Self::Set(set) => set[usize::from(byte)],
            Self::Group(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Expression;

    fn found(expression: &str, text: &str) -> bool {
        Expression::new(expression.as_bytes()).unwrap().find_from(text.as_bytes(), 0).is_some()
    }

    #[test]
    fn what_is_found() {
        for (expression, text) in [
            ("^WIFI CONNECTED\r\n", "WIFI CONNECTED\r\n"),
            ("^+IPD,[0-9],[0-9]*:", "+IPD,0,12:x"),
            ("CONNECTED", "WIFI CONNECTED\r\n"),
            ("\r\n$", "CLOSED\r\n"),
            ("^a\\{2,3\\}b$", "aaab"),
            ("^\\(ab\\)*c$", "ababc"),
            ("^\\(a*\\)*$", "aaa"),
            ("^.*,CLOSED", "0,CLOSED"),
            ("^[^,]*$", "OK"),
            ("*a", "*a"),
            ("a+b", "a+b"),
            ("\\.", "1.2"),
            ("[]x]", "]"),
            ("^[[:upper:]]\\{4\\} ", "WIFI GOT IP"),
            ("[a-]", "-"),
            ("a$b", "a$b"),
        ] {
            assert!(found(expression, text), "{expression:?} {text:?}");
        }
    }

    #[test]
    fn what_is_not_found() {
        for (expression, text) in [
            ("^CONNECTED", "WIFI CONNECTED\r\n"),
            ("CONNECTED$", "WIFI CONNECTED\r\n"),
            ("^a\\{2,3\\}b$", "aaaab"),
            ("^a\\{2\\}$", "a"),
            ("a.b", "ab"),
            ("\\.", "12"),
            ("^[^,]*$", "0,CLOSED"),
            ("a+", "aa"),
        ] {
            assert!(!found(expression, text), "{expression:?} {text:?}");
        }
    }

    #[test]
    fn what_is_no_expression() {
        for wrong in
            ["[a", "\\(a", "a\\)", "a\\{1", "a\\{2,1\\}", "\\{1\\}", "\\1", "a\\", "[b-a]", "[[:what:]]", "a\\{x\\}"]
        {
            assert!(Expression::new(wrong.as_bytes()).is_none(), "{wrong:?}");
        }
    }
}
