//! A terminal where somebody can be asked: what is shown there, the question, and the answer.

use std::io::{BufRead, IsTerminal, Read, Write};

use super::silence::{Held, break_silence};
use super::ui::StyledText;
use crate::fsio;

/// The longest line that is read as an answer.
const MAX_ANSWER: u64 = 256;

/// The terminal where questions are asked. All that is written to it passes through [`StyledText`].
pub(crate) struct Screen(Box<dyn Write>);

impl Screen {
    /// Opens the terminal to ask at, if somebody is there to answer. Where standard error goes
    /// elsewhere (`2>&1 | tee log`), somebody still sits at the terminal.
    pub(crate) fn open() -> Option<Self> {
        if !std::io::stdin().is_terminal() {
            return None;
        }
        if std::io::stderr().is_terminal() {
            return Some(Screen(Box::new(anstream::stderr())));
        }
        let tty = fsio::open_terminal().ok()?;
        Some(Screen(Box::new(anstream::AutoStream::auto(tty))))
    }

    /// Shows a text as it is, with or without a last newline.
    pub(crate) fn show(&mut self, text: impl Into<StyledText>) {
        break_silence();
        // Nobody may be there any more: then there is no answer either.
        drop(
            self.0
                .write_all(text.into().to_terminal().as_bytes())
                .and_then(|()| self.0.flush()),
        );
    }

    /// Shows a question, and reads one line as its answer, without white space around it. `None`:
    /// the keyboard is gone.
    pub(crate) fn ask(&mut self, question: impl Into<StyledText>) -> Option<String> {
        let _held = Held::begin();
        self.show(question);
        let mut line = String::new();
        match std::io::stdin()
            .lock()
            .take(MAX_ANSWER)
            .read_line(&mut line)
        {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim().to_owned()),
        }
    }
}
