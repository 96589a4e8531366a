//! Times that a terminal program put at the start of each line of a log.

/// When the bytes of a log came.
pub(crate) struct Times {
    /// Where a line begins, and when it came, in seconds.
    lines: Vec<(usize, f64)>,
}

impl Times {
    /// Takes the times out of a log. One that does not have them at all of its lines is left as it is.
    ///
    /// A time is `12:34:56.789`, `[12:34:56.789]`, `12.345` or `[12.345]`, a date may come first; then a blank.
    pub(crate) fn take_from(log: Vec<u8>) -> (Vec<u8>, Self) {
        let mut lines = Vec::new();
        let mut bare = Vec::with_capacity(log.len());
        for line in log.split_inclusive(|&byte| byte == b'\n') {
            match time(line) {
                Some((seconds, size)) => {
                    lines.push((bare.len(), seconds));
                    bare.extend_from_slice(&line[size..]);
                }
                None if line.trim_ascii().is_empty() => bare.extend_from_slice(line),
                None => return (log, Self { lines: Vec::new() }),
            }
        }
        (bare, Self { lines })
    }

    /// When the line came that holds byte `offset`.
    pub(crate) fn at(&self, offset: usize) -> Option<f64> {
        let count = self.lines.partition_point(|(start, _)| *start <= offset);
        Some(self.lines[count.checked_sub(1)?].1)
    }
}

/// The time in seconds, and the size of what says so.
fn time(line: &[u8]) -> Option<(f64, usize)> {
    let end =
        line.iter().position(|byte| !matches!(byte, b'[' | b']' | b'0'..=b'9' | b':' | b'.' | b'-' | b'T' | b' '));
    let head = &line[..end.unwrap_or(line.len()).min(40)];
    let text = std::str::from_utf8(head).ok()?;
    let mut size = 0;
    for word in text.split_inclusive(' ') {
        size += word.len();
        let word = word.trim_end();
        let stamp = word.trim_matches(['[', ']']);
        let stamp = stamp.rsplit('T').next()?;
        if !stamp.contains(['.', ':']) || size > 1 + text.len() {
            // A date, or nothing of the kind.
            if stamp.contains('-') && !stamp.starts_with('-') {
                continue;
            }
            return None;
        }
        let mut seconds = 0.0;
        for part in stamp.split(':') {
            seconds = seconds * 60.0 + part.parse::<f64>().ok()?;
        }
        // Whatever follows must be set off from it, or an IP address would be a time.
        let apart = line.get(size - 1) == Some(&b' ');
        return (apart && stamp.matches('.').count() <= 1).then_some((seconds, size));
    }
    None
}
