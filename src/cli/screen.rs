//! A terminal at which somebody can be asked: what is shown there, the question, and the answer.

use std::io::{BufRead, IsTerminal, Read, Write};

use super::ui::Text;
use crate::fsio;

/// The longest line that is read as an answer.
const MAX_ANSWER: u64 = 256;

/// Where questions are asked. All that is written to it passes the gate of [`Text`].
pub(crate) struct Screen(Box<dyn Write>);

impl Screen {
    /// Where to ask, if somebody is there to answer. Where standard error goes elsewhere
    /// (`2>&1 | tee log`), somebody still sits at the terminal.
    pub(crate) fn open() -> Option<Self> {
        if !std::io::stdin().is_terminal() {
            return None;
        }
        if std::io::stderr().is_terminal() {
            return Some(Screen(Box::new(anstream::stderr())));
        }
        let tty = fsio::terminal().ok()?;
        Some(Screen(Box::new(anstream::AutoStream::auto(tty))))
    }

    /// Shows a text, as it is: with its last newline, or without.
    pub(crate) fn show(&mut self, text: impl Into<Text>) {
        // Nobody may be there any more: then there is no answer either.
        drop(
            self.0
                .write_all(text.into().to_terminal().as_bytes())
                .and_then(|()| self.0.flush()),
        );
    }

    /// Shows a question, and reads one line as its answer, without white space around it; nothing
    /// where the keyboard is gone.
    pub(crate) fn ask(&mut self, question: impl Into<Text>) -> Option<String> {
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
