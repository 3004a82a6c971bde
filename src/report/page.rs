//! Text for people: wrapped to a width, coloured where that is wanted, harmless to a terminal.

use console::Style;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// How text is to look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns of a line.
    pub width: usize,
    /// Whether to colour it.
    pub color: bool,
}

impl Look {
    /// What a file gets.
    pub const PLAIN: Self = Self { width: 80, color: false };
}

/// What a piece of text is, which says its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Running text.
    Plain,
    /// A title.
    Strong,
    /// As expected.
    Good,
    /// Not as expected.
    Bad,
    /// Not decided.
    Open,
    /// By the way.
    Faint,
}

/// Lines that are put together.
pub struct Page {
    look: Look,
    text: String,
}

impl Page {
    /// An empty page.
    pub fn new(look: Look) -> Self {
        Self { look, text: String::new() }
    }

    /// A paragraph, the lines after the first with this indentation.
    pub fn paragraph(&mut self, indent: usize, pieces: &[(Tone, &str)]) {
        let line = self.joined(pieces);
        let indent = " ".repeat(indent);
        let options = Options::new(self.look.width)
            .subsequent_indent(&indent)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation)
            .wrap_algorithm(WrapAlgorithm::FirstFit);
        self.text.push_str(&textwrap::fill(&line, options));
        self.text.push('\n');
    }

    /// One line however long: what is copied to a shell must not be broken.
    pub fn line(&mut self, pieces: &[(Tone, &str)]) {
        let line = self.joined(pieces);
        self.text.push_str(&line);
        self.text.push('\n');
    }

    /// An empty line.
    pub fn gap(&mut self) {
        self.text.push('\n');
    }

    /// Whether nothing is there yet.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.text
    }

    fn joined(&self, pieces: &[(Tone, &str)]) -> String {
        let style = |tone| match tone {
            Tone::Plain => Style::new(),
            Tone::Strong => Style::new().bold(),
            Tone::Good => Style::new().green(),
            Tone::Bad => Style::new().red().bold(),
            Tone::Open => Style::new().yellow(),
            Tone::Faint => Style::new().dim(),
        };
        pieces
            .iter()
            .map(|&(tone, text)| {
                let style = style(tone).force_styling(self.look.color);
                style.apply_to(one_line(text)).to_string()
            })
            .collect()
    }
}

/// Control characters, as labels of a graph file may have them, must not break a line or drive the
/// terminal.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_keep_to_the_width_and_colours_take_no_room() {
        let text = "rho(G) is the largest random-routing load, at least lambda; ".repeat(4);
        let pieces = [(Tone::Good, "holds  "), (Tone::Strong, text.trim_end())];
        let lines = |color| {
            let mut page = Page::new(Look { width: 40, color });
            page.paragraph(7, &pieces);
            page.into_text()
        };
        let plain = lines(false);
        assert!(plain.lines().count() > 6 && plain.lines().all(|line| line.len() <= 40), "{plain}");
        assert!(
            plain.lines().skip(1).all(|line| line.starts_with("       ") && !line.ends_with(' '))
        );
        assert_eq!(console::strip_ansi_codes(&lines(true)), plain);
        assert!(lines(true).contains('\u{1b}') && !plain.contains('\u{1b}'));
    }

    #[test]
    fn what_would_drive_a_terminal_is_blanked() {
        let mut page = Page::new(Look { width: 40, color: true });
        page.line(&[(Tone::Plain, "a\u{1b}[2Jb\nc\u{9b}31m")]);
        assert_eq!(page.into_text(), "a [2Jb c 31m\n");
    }
}
