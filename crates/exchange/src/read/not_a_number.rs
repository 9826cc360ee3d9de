//! Python writes `NaN` and `Infinity` into JSON, which has neither: they become `null`.

use std::io::{self, BufRead, Read};

/// Turns them into nulls as bytes come by.
#[derive(Debug, Default)]
struct Mender {
    in_text: bool,
    escaped: bool,
    /// Letters and signs of a word outside of texts, until it ends.
    word: Vec<u8>,
}

impl Mender {
    fn feed(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
            out.push(byte);
        } else if byte.is_ascii_alphabetic() || (byte == b'-' && self.word.is_empty()) {
            self.word.push(byte);
        } else {
            self.end_word(out);
            self.in_text = byte == b'"';
            out.push(byte);
        }
    }

    fn end_word(&mut self, out: &mut Vec<u8>) {
        match self.word.as_slice() {
            b"NaN" | b"Infinity" | b"-Infinity" => out.extend_from_slice(b"null"),
            word => out.extend_from_slice(word),
        }
        self.word.clear();
    }
}

/// The same JSON with nulls in their places.
pub(crate) fn as_null(json: &[u8]) -> Vec<u8> {
    let mut mender = Mender::default();
    let mut out = Vec::with_capacity(json.len() + 8);
    json.iter().for_each(|byte| mender.feed(*byte, &mut out));
    mender.end_word(&mut out);
    out
}

/// A reader of JSON that gives nulls in their places.
#[derive(Debug)]
pub(crate) struct AsNull<R> {
    inner: R,
    mender: Mender,
    ready: Vec<u8>,
    given: usize,
}

impl<R: BufRead> AsNull<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, mender: Mender::default(), ready: Vec::new(), given: 0 }
    }
}

impl<R: BufRead> Read for AsNull<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            self.ready.clear();
            self.given = 0;
            let bytes = self.inner.fill_buf()?;
            let length = bytes.len();
            bytes.iter().for_each(|byte| self.mender.feed(*byte, &mut self.ready));
            self.inner.consume(length);
            if length == 0 {
                self.mender.end_word(&mut self.ready);
                if self.ready.is_empty() {
                    return Ok(0);
                }
            }
        }
        let length = buffer.len().min(self.ready.len() - self.given);
        buffer[..length].copy_from_slice(&self.ready[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn only_numbers_that_are_none_become_null() {
        let json = br#"{"a": NaN, "NaN": [-Infinity, Infinity, -1.5e3, true], "b": "NaN \" Infinity"}"#;
        let expected = r#"{"a": null, "NaN": [null, null, -1.5e3, true], "b": "NaN \" Infinity"}"#;
        assert_eq!(String::from_utf8(as_null(json)).unwrap(), expected);
        // Whatever the borders of what is read at a time.
        for size in [1, 2, 3, 7] {
            let mut read = String::new();
            AsNull::new(BufReader::with_capacity(size, &json[..])).read_to_string(&mut read).unwrap();
            assert_eq!(read, expected, "{size}");
        }
    }
}
