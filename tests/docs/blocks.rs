//! The fenced blocks of a page, and what their languages mean.
//!
//! | fence | meaning |
//! | --- | --- |
//! | `sh` | run, in order, in one shell for the page |
//! | `sh aws` | run as they stand, those below one heading together, on a simulator's cluster |
//! | `sh`, `sh aws` in docs/runbooks | all of a page in one shell on a terminal: see ceremony.rs |
//! | `sh` in docs/quickstart.md | the same |
//! | `sh token 6`, `sh camera 6` in docs/runbooks | in that variant, for step 6: see ceremony.rs |
//! | `sh softhsm` | run, in order, in one shell, by tests/pkcs11.rs |
//! | `sh elsewhere` | not run here; its `hsmboot` lines must be correct command lines |
//! | `text` right after `sh` | its output: `…` is any text, alone on a line any lines |

/// A fenced block.
#[derive(Clone, Debug)]
#[allow(dead_code)] // not every suite reads all of it
pub(super) struct Block {
    /// What stands behind the backticks: `sh aws`.
    pub(super) language: String,
    /// Its lines.
    pub(super) text: String,
    /// The line of its opening fence.
    pub(super) line: usize,
    /// The line of the heading above it; 0 where there is none.
    pub(super) heading: usize,
    /// Nothing but blank lines lies between it and the block before.
    pub(super) follows: bool,
}

pub(super) fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    let (mut blank, mut heading) = (false, 0);
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block {
                    language: language.to_owned(),
                    text: String::new(),
                    line: number + 1,
                    heading,
                    follows: blank,
                });
            }
            (Some(_), Some(_)) => {
                found.extend(open.take());
                blank = true;
            }
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {
                blank &= line.trim().is_empty();
                if line.starts_with('#') {
                    heading = number + 1;
                }
            }
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    found
}
