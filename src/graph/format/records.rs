//! Records of CSV files, in graphs and in lists of rates.
//!
//! Quotes follow RFC 4180 strictly: a quote left open would otherwise swallow the rest of the file.

use std::io::{self, BufRead};

use super::{FormatError, MAX_LINE, Problem};

/// Records of a CSV file, one at a time. (The `csv` crate repairs stray quotes in silence and does
/// not bound a record.)
pub(super) struct Records<'a, R> {
    reader: R,
    file: &'a str,
    /// Line of the next byte, from 1.
    line: u64,
    data: Vec<u8>,
    ends: Vec<usize>,
}

const OPEN: &str = "the quote is never closed: add the closing quote";
const RETURN: &str = "a carriage return without a line feed: quote the field, or use LF line ends";
const AFTER: &str = "text after the closing quote: write a quote inside quotes twice";
const INSIDE: &str = "a quote inside an unquoted field: quote the field and write the quote twice";

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    QuoteInQuoted,
    CarriageReturn,
}

impl<'a, R: BufRead> Records<'a, R> {
    /// The records of a reader that stands in front of this line.
    pub(super) fn new(reader: R, file: &'a str, line: u64) -> Self {
        Self { reader, file, line, data: Vec::new(), ends: Vec::new() }
    }

    /// Reads the next record that is not a blank line; returns its first line.
    pub(super) fn next(&mut self) -> Result<Option<u64>, FormatError> {
        loop {
            self.data.clear();
            self.ends.clear();
            let start = self.line;
            let Some(quoted) = self.record(start)? else { return Ok(None) };
            if self.ends.len() > 1 || !self.data.is_empty() || quoted {
                return Ok(Some(start));
            }
        }
    }

    /// `None` at the end of the file, else whether there was a quote.
    fn record(&mut self, start: u64) -> Result<Option<bool>, FormatError> {
        let (mut state, mut quoted, mut any) = (State::FieldStart, false, false);
        let refused = |column: usize, line: u64, rule: &'static str| {
            Err(Problem::Quotes { column, rule }.at(self.file, line))
        };
        loop {
            let buffer = match self.reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Problem::io("read", &error).at(self.file, self.line)),
            };
            if buffer.is_empty() {
                if state == State::Quoted {
                    return refused(self.ends.len() + 1, start, OPEN);
                }
                if !any {
                    return Ok(None);
                }
                self.ends.push(self.data.len());
                return Ok(Some(quoted));
            }
            for (i, &byte) in buffer.iter().enumerate() {
                any = true;
                let column = self.ends.len() + 1;
                match (state, byte) {
                    (State::Quoted, b'"') => state = State::QuoteInQuoted,
                    (State::Quoted, _) => {
                        self.line += u64::from(byte == b'\n');
                        self.data.push(byte);
                    }
                    (_, b'\n') => {
                        self.line += 1;
                        self.ends.push(self.data.len());
                        self.reader.consume(i + 1);
                        return Ok(Some(quoted));
                    }
                    (State::CarriageReturn, _) => return refused(column, self.line, RETURN),
                    (_, b'\r') => state = State::CarriageReturn,
                    (_, b',') => {
                        self.ends.push(self.data.len());
                        state = State::FieldStart;
                    }
                    (State::FieldStart, b'"') => (state, quoted) = (State::Quoted, true),
                    (State::QuoteInQuoted, b'"') => {
                        self.data.push(byte);
                        state = State::Quoted;
                    }
                    (State::QuoteInQuoted, _) => return refused(column, self.line, AFTER),
                    (_, b'"') => return refused(column, self.line, INSIDE),
                    _ => {
                        self.data.push(byte);
                        state = State::Plain;
                    }
                }
                if self.data.len() + self.ends.len() > MAX_LINE {
                    return Err(Problem::LongLine.at(self.file, start));
                }
            }
            let length = buffer.len();
            self.reader.consume(length);
        }
    }

    /// The fields as they stand.
    fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.data[start..end])
    }

    /// The two or three fields of the record.
    pub(super) fn fields(
        &self,
        expected: &'static str,
        rule: &'static str,
    ) -> Result<Vec<&str>, Problem> {
        if !(2..=3).contains(&self.ends.len()) {
            return Err(Problem::Fields { found: self.ends.len(), expected, rule });
        }
        let text = |bytes| {
            std::str::from_utf8(bytes).map_err(|error| Problem::NotUtf8(error.valid_up_to() + 1))
        };
        self.bytes().map(text).collect()
    }

    /// The first ten fields as they stand, for a message.
    pub(super) fn shown(&self) -> String {
        self.bytes().take(10).map(String::from_utf8_lossy).collect::<Vec<_>>().join(",")
    }
}
