//! What a terminal makes of what it is sent: the pictures that stand on its screen one after the
//! other. It knows no more than `qr show` uses.

use image::{GrayImage, Luma};

/// The pixels of a character.
pub(crate) const CELL: (u32, u32) = (8, 16);

/// A character, and its two colours: nothing for the theme's.
type Cell = (char, Option<u8>, Option<u8>);

const BLANK: Cell = (' ', None, None);

/// What stands on the screen at one moment.
#[derive(Clone)]
pub(crate) struct Frame {
    cells: Vec<Vec<Cell>>,
    /// The images that were sent with it.
    pub(crate) images: Vec<String>,
}

impl Frame {
    /// Its characters, a line each.
    pub(crate) fn text(&self) -> String {
        let line = |line: &Vec<Cell>| line.iter().map(|cell| cell.0).collect::<String>();
        self.cells
            .iter()
            .map(|cells| line(cells).trim_end().to_owned() + "\n")
            .collect()
    }

    /// The words beside or below the code, on one line.
    pub(crate) fn words(&self) -> String {
        let text = self.text();
        let words = text.split(['█', '▀', '▄', ' ', '\n']);
        words
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The screen as a camera sees it: on a theme of these shades, within a frame of another.
    pub(crate) fn picture(&self, (ground, letters): (u8, u8), bezel: u8) -> GrayImage {
        let (columns, rows) = (self.cells[0].len() as u32, self.cells.len() as u32);
        let around = 3 * CELL.0;
        let size = |count: u32, cell: u32| count * cell + 2 * around;
        GrayImage::from_fn(size(columns, CELL.0), size(rows, CELL.1), |x, y| {
            let at = |at: u32, cell: u32, count: u32| {
                let at = at.checked_sub(around)?;
                (at < count * cell).then_some(at)
            };
            let (Some(x), Some(y)) = (at(x, CELL.0, columns), at(y, CELL.1, rows)) else {
                return Luma([bezel]);
            };
            let (glyph, fore, back) = self.cells[(y / CELL.1) as usize][(x / CELL.0) as usize];
            let shade = |colour: Option<u8>, theme: u8| match colour {
                Some(16) => 0,
                Some(231) => 255,
                Some(other) => panic!("colour {other}"),
                None => theme,
            };
            let upper = y % CELL.1 < CELL.1 / 2;
            let inked = match glyph {
                '█' => true,
                '▀' => upper,
                '▄' => !upper,
                ' ' => false,
                // Some letter or other.
                _ => (x + y) % 5 < 2,
            };
            Luma([if inked {
                shade(fore, letters)
            } else {
                shade(back, ground)
            }])
        })
    }
}

/// A terminal's screen.
pub(crate) struct Emulator {
    frame: Frame,
    at: (usize, usize),
    colours: (Option<u8>, Option<u8>),
}

impl Emulator {
    pub(crate) fn new(rows: usize, columns: usize) -> Self {
        Emulator {
            frame: Frame {
                cells: vec![vec![BLANK; columns]; rows],
                images: Vec::new(),
            },
            at: (0, 0),
            colours: (None, None),
        }
    }

    /// The pictures that were drawn, each as it stood when it was whole.
    pub(crate) fn frames(rows: usize, columns: usize, sent: &str) -> Vec<Frame> {
        let (mut emulator, mut frames) = (Emulator::new(rows, columns), Vec::new());
        let mut rest = sent;
        while let Some(first) = rest.chars().next() {
            let (escape, after) = rest.split_at(first.len_utf8());
            rest = match (escape, after.chars().next()) {
                ("\u{1b}", Some('[')) => {
                    let end = after[1..].find(|c: char| ('@'..='~').contains(&c)).unwrap() + 2;
                    let (sequence, after) = after.split_at(end);
                    if sequence == "[?2026l" {
                        frames.push(emulator.frame.clone());
                        emulator.frame.images.clear();
                    }
                    emulator.control(sequence);
                    after
                }
                ("\u{1b}", Some('_' | 'P')) => {
                    let (image, after) = after.split_once("\u{1b}\\").unwrap();
                    emulator.frame.images.push(image.to_owned());
                    after
                }
                ("\u{1b}", _) => panic!("an escape that is not known: {after:.20}"),
                (text, _) => {
                    emulator.put(text.chars().next().unwrap());
                    after
                }
            };
        }
        frames
    }

    fn control(&mut self, sequence: &str) {
        let (numbers, last) = sequence[1..].split_at(sequence.len() - 2);
        let (row, column) = self.at;
        match (last, numbers) {
            ("H", "") => self.at = (0, 0),
            ("C", count) => self.at.1 += count.parse::<usize>().unwrap(),
            ("K", "") => self.frame.cells[row][column..].fill(BLANK),
            ("J", "2") => self
                .frame
                .cells
                .iter_mut()
                .for_each(|line| line.fill(BLANK)),
            ("m", "" | "0") => self.colours = (None, None),
            ("m", colour) => {
                if let Some(colour) = colour.strip_prefix("38;5;") {
                    self.colours.0 = Some(colour.parse().unwrap());
                } else if let Some(colour) = colour.strip_prefix("48;5;") {
                    self.colours.1 = Some(colour.parse().unwrap());
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, character: char) {
        match character {
            '\r' => self.at.1 = 0,
            '\n' => self.at.0 = (self.at.0 + 1).min(self.frame.cells.len() - 1),
            other => {
                let (row, column) = self.at;
                // It does not wrap.
                let last = self.frame.cells[row].len() - 1;
                self.frame.cells[row][column.min(last)] = (other, self.colours.0, self.colours.1);
                self.at.1 = (column + 1).min(last);
            }
        }
    }
}
