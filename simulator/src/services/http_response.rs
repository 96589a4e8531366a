//! An HTTP answer as its bytes come in: head, body by length, in chunks or until the connection ends.

/// What bytes of an answer were.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The head is complete.
    Head {
        status: u16,
        /// Name and value as the server wrote them.
        headers: Vec<(String, Vec<u8>)>,
        /// What the head says about the body's size.
        length: Option<u64>,
    },
    /// Bytes of the body that lie together.
    Body(Vec<u8>),
    /// The answer is complete.
    End,
    /// This is not HTTP.
    Bad,
}

#[derive(Debug)]
enum State {
    Head,
    Length(u64),
    ChunkSize,
    Chunk(u64),
    /// The line end behind a chunk.
    ChunkEnd,
    Trailer,
    UntilClose,
    Done,
}

#[derive(Debug)]
pub(crate) struct Response {
    /// The request was `HEAD`: there is no body.
    bodiless: bool,
    state: State,
    /// Bytes of a head or a line that is not complete.
    line: Vec<u8>,
}

/// Longest head and chunk line.
const LINE: usize = 16 * 1024;

impl Response {
    pub(crate) const fn new(bodiless: bool) -> Self {
        Self { bodiless, state: State::Head, line: Vec::new() }
    }

    /// Takes bytes apart.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Vec<Part> {
        let mut parts = Vec::new();
        while !bytes.is_empty() {
            match self.state {
                State::Head | State::ChunkSize | State::ChunkEnd | State::Trailer => {
                    let end = bytes.iter().position(|&byte| byte == b'\n');
                    let (line, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
                    self.line.extend(line);
                    bytes = rest;
                    if self.line.len() > LINE {
                        self.state = State::Done;
                        parts.push(Part::Bad);
                    } else if end.is_some() {
                        self.line_end(&mut parts);
                    }
                }
                State::Length(left) => {
                    let body;
                    (body, bytes) = split(bytes, left);
                    let left = left - body.len() as u64;
                    parts.push(Part::Body(body.to_vec()));
                    self.state = State::Length(left);
                    if left == 0 {
                        self.state = State::Done;
                        parts.push(Part::End);
                    }
                }
                State::Chunk(left) => {
                    let body;
                    (body, bytes) = split(bytes, left);
                    let left = left - body.len() as u64;
                    parts.push(Part::Body(body.to_vec()));
                    self.state = if left == 0 { State::ChunkEnd } else { State::Chunk(left) };
                }
                State::UntilClose => {
                    parts.push(Part::Body(bytes.to_vec()));
                    bytes = &[];
                }
                State::Done => bytes = &[],
            }
        }
        parts
    }

    /// The connection has ended. Whether the answer is complete with that.
    pub(crate) const fn close(&self) -> bool {
        matches!(self.state, State::UntilClose | State::Done)
    }

    fn line_end(&mut self, parts: &mut Vec<Part>) {
        match self.state {
            State::Head => {
                if matches!(&self.line[..], [.., b'\n', b'\r', b'\n'] | [.., b'\n', b'\n']) {
                    let head = core::mem::take(&mut self.line);
                    self.take_head(&head, parts);
                }
                return;
            }
            State::ChunkEnd => self.state = State::ChunkSize,
            State::ChunkSize => match httparse::parse_chunk_size(&self.line) {
                Ok(httparse::Status::Complete((_, 0))) => self.state = State::Trailer,
                Ok(httparse::Status::Complete((_, size))) => self.state = State::Chunk(size),
                _ => {
                    self.state = State::Done;
                    parts.push(Part::Bad);
                }
            },
            _ => {
                if matches!(&self.line[..], b"\r\n" | b"\n") {
                    self.state = State::Done;
                    parts.push(Part::End);
                }
            }
        }
        self.line.clear();
    }

    fn take_head(&mut self, head: &[u8], parts: &mut Vec<Part>) {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut parsed = httparse::Response::new(&mut fields);
        let status = match parsed.parse(head) {
            Ok(httparse::Status::Complete(_)) => parsed.code.unwrap_or(0),
            _ => {
                self.state = State::Done;
                parts.push(Part::Bad);
                return;
            }
        };
        if status < 200 {
            // `100 Continue` and its like: the real head follows.
            return;
        }
        let field = |name: &str| {
            let mut all = parsed.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
            all.next().map(|field| String::from_utf8_lossy(field.value).trim().to_ascii_lowercase())
        };
        let length: Option<u64> = field("Content-Length").and_then(|text| text.parse().ok());
        let chunked = field("Transfer-Encoding").is_some_and(|coding| coding.ends_with("chunked"));
        self.state = if self.bodiless || matches!(status, 204 | 304) {
            State::Done
        } else if chunked {
            State::ChunkSize
        } else {
            match length {
                Some(0) => State::Done,
                Some(length) => State::Length(length),
                None => State::UntilClose,
            }
        };
        let headers = parsed.headers.iter().map(|field| (field.name.to_owned(), field.value.to_vec())).collect();
        parts.push(Part::Head { status, headers, length });
        if matches!(self.state, State::Done) {
            parts.push(Part::End);
        }
    }
}

/// At most `most` bytes from the front, and the rest.
fn split(bytes: &[u8], most: u64) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.len().min(usize::try_from(most).unwrap_or(usize::MAX)))
}

#[cfg(test)]
mod tests {
    use super::{Part, Response};

    fn bodies(response: &mut Response, bytes: &[u8], step: usize) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        let mut ended = false;
        for piece in bytes.chunks(step) {
            for part in response.feed(piece) {
                match part {
                    Part::Body(data) => body.extend(data),
                    Part::End => ended = true,
                    Part::Bad => panic!("bad"),
                    Part::Head { status, .. } => assert_eq!(status, 200),
                }
            }
        }
        (body, ended)
    }

    #[test]
    fn bodies_in_any_pieces() {
        let chunked: &[u8] =
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=1\r\nab\r\n\r\n3\r\ncde\r\n0\r\nX: y\r\n\r\n";
        let counted: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nab\r\ncde";
        for step in 1..chunked.len() {
            assert_eq!(bodies(&mut Response::new(false), chunked, step), (b"ab\r\ncde".to_vec(), true), "{step}");
            assert_eq!(bodies(&mut Response::new(false), counted, step), (b"ab\r\ncde".to_vec(), true), "{step}");
        }
        let mut open = Response::new(false);
        assert_eq!(bodies(&mut open, b"HTTP/1.0 200 OK\r\n\r\nabc", 5), (b"abc".to_vec(), false));
        assert!(open.close());
        let mut half = Response::new(false);
        assert!(!bodies(&mut half, &counted[..counted.len() - 1], 5).1);
        assert!(!half.close());
    }

    #[test]
    fn no_http() {
        assert_eq!(Response::new(false).feed(b"hello\r\n\r\n"), [Part::Bad]);
        let mut chunked = Response::new(false);
        chunked.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_eq!(chunked.feed(b"zz\r\n"), [Part::Bad]);
    }
}
