//! The moments that a page tells.

use super::html::Html;
use crate::x509::Moment;

/// When a page was made, and the moment that the user named, if any. A page of a named moment does
/// not tell when it was made: whoever makes it again gets the same bytes.
#[derive(Clone, Copy)]
pub(super) struct PageMoment {
    pub(super) made_at: Moment,
    pub(super) named: Option<Moment>,
}

impl PageMoment {
    /// Returns the words for the foot of every printed sheet.
    pub(super) fn foot_words(self) -> String {
        match self.named {
            Some(at) => format!("report as of {at}"),
            None => format!("report of {}", self.made_at),
        }
    }

    /// Returns the words that follow "Made by" a program.
    pub(super) fn maker_words(self) -> String {
        match self.named {
            Some(at) => format!("as of {at}"),
            None => format!("at {}", self.made_at),
        }
    }

    /// Writes when and by what a page was made.
    pub(super) fn write_masthead(self, html: &mut Html, tool: &str) {
        html.write_element_of("dl", "facts masthead", |html| {
            match self.named {
                Some(at) => {
                    html.write_text_fact("Judged at", format!("{at}, as named (--at)"));
                }
                None => {
                    html.write_text_fact("Made at", self.made_at.to_string());
                    html.write_text_fact("Judged at", "the same moment");
                }
            }
            html.write_text_fact("Made by", tool);
        });
    }
}
