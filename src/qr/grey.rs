//! A picture in grey, with a byte for each pixel, and the filters that make codes easier to find in
//! it.

/// The greatest number of pixels on a side of any picture here: twice as many as a photograph may
/// have. So sums and products of two sides fit into 32 bits.
const LONGEST_SIDE: usize = 32_768;

/// A picture in grey: rows from the top, pixels from the left, and 0 for black.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grey {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

impl Grey {
    /// Makes a picture. Returns `None` if there are no pixels, not as many as these sides need, or
    /// more on a side than [`LONGEST_SIDE`].
    pub(super) fn new(pixels: Vec<u8>, width: usize, height: usize) -> Option<Self> {
        (width.checked_mul(height)? == pixels.len()
            && !pixels.is_empty()
            && width.max(height) <= LONGEST_SIDE)
            .then_some(Grey {
                pixels,
                width,
                height,
            })
    }

    pub(super) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    pub(super) const fn width(&self) -> usize {
        self.width
    }

    pub(super) const fn height(&self) -> usize {
        self.height
    }

    /// Returns the length of the longer side.
    pub(super) fn longer_side(&self) -> usize {
        self.width.max(self.height)
    }

    /// Returns the picture at another size. Each new pixel is made from those around it, or from
    /// those that it covers. Returns `None` if nothing would be left, or a side would have more
    /// than [`LONGEST_SIDE`].
    pub(super) fn scaled_to(&self, by: usize, of: usize) -> Option<Self> {
        let length = |pixels: usize| {
            pixels
                .checked_mul(by)?
                .checked_div(of)
                .filter(|length| (1..=LONGEST_SIDE).contains(length))
        };
        let (width, height) = (length(self.width)?, length(self.height)?);
        Some(
            self.filtered_and_transposed(&resizing_lenses(self.width, width))
                .filtered_and_transposed(&resizing_lenses(self.height, height)),
        )
    }

    /// Returns the picture out of focus, with less noise and the same edges.
    pub(super) fn blurred(&self) -> Self {
        self.filtered_and_transposed(&blurring_lenses(self.width))
            .filtered_and_transposed(&blurring_lenses(self.height))
    }

    /// Returns the negative of the picture.
    pub(super) fn inverted(mut self) -> Self {
        for value in &mut self.pixels {
            *value = !*value;
        }
        self
    }

    /// Returns the picture with its darkest hundredth black and its lightest hundredth white. The
    /// binarizer takes areas of little contrast for empty ones.
    pub(super) fn contrast_stretched(mut self) -> Self {
        let mut histogram = [0usize; 256];
        for value in &self.pixels {
            if let Some(count) = histogram.get_mut(usize::from(*value)) {
                *count += 1;
            }
        }
        let hundredth = self.pixels.len() / 100;
        let beyond = |values: &[u8]| {
            let mut passed = 0usize;
            values.iter().copied().find(|value| {
                passed += histogram.get(usize::from(*value)).copied().unwrap_or(0);
                passed > hundredth
            })
        };
        let mut values: Vec<u8> = (0..=255).collect();
        let dark = beyond(&values);
        values.reverse();
        let (Some(dark), Some(light)) = (dark, beyond(&values)) else {
            return self;
        };
        // Saturating: what is darker than dark is black.
        let range = u16::from(light.saturating_sub(dark));
        let stretch = |value: u8| {
            let above = u16::from(value.saturating_sub(dark)).min(range);
            // Both are at most 255, and so the product fits.
            (above * 255)
                .checked_div(range)
                .and_then(|value| u8::try_from(value).ok())
                .unwrap_or(value)
        };
        let table: Vec<u8> = (0..=255).map(stretch).collect();
        for value in &mut self.pixels {
            *value = table.get(usize::from(*value)).copied().unwrap_or(*value);
        }
        self
    }

    /// Filters each row with these lenses and swaps rows and columns. Applied twice, the picture is
    /// upright again.
    fn filtered_and_transposed(&self, lenses: &[Lens]) -> Self {
        let mut pixels = vec![0; lenses.len() * self.height];
        for (y, row) in self.pixels.chunks_exact(self.width).enumerate() {
            for (pixel, lens) in pixels.iter_mut().skip(y).step_by(self.height).zip(lenses) {
                *pixel = lens.weigh_pixels(row);
            }
        }
        Grey {
            pixels,
            width: self.height,
            height: lenses.len(),
        }
    }
}

/// The weights of the source pixels for one pixel of the result, from the pixel `from` on, in parts
/// of 2^16.
struct Lens {
    from: usize,
    shares: Vec<u32>,
}

const WHOLE: u32 = 1 << 16;

impl Lens {
    /// Makes a lens from weights of any sum.
    fn new(from: usize, weights: &[u64]) -> Self {
        // A weight is at most 2^31, what two sides make, and there are no more of them than pixels
        // on a side.
        let sum: u64 = weights.iter().sum();
        let mut left = WHOLE;
        let mut shares = Vec::with_capacity(weights.len());
        for weight in weights {
            let share = (weight * u64::from(WHOLE))
                .checked_div(sum)
                .and_then(|share| u32::try_from(share).ok())
                .unwrap_or(0)
                .min(left);
            left -= share;
            shares.push(share);
        }
        // What rounding left over.
        let middle = shares.len() / 2;
        if let Some(share) = shares.get_mut(middle) {
            *share += left;
        }
        Lens { from, shares }
    }

    fn weigh_pixels(&self, row: &[u8]) -> u8 {
        let pixels = row.get(self.from..).unwrap_or_default();
        let sum = pixels
            .iter()
            .zip(&self.shares)
            .fold(WHOLE >> 1, |sum, (value, share)| {
                sum.wrapping_add(u32::from(*value).wrapping_mul(*share))
            });
        u8::try_from(sum >> 16).unwrap_or(u8::MAX)
    }
}

/// Returns the lenses that resize a row. The weights fall off in a straight line to the middle of
/// the neighbour, in the coarser of the two rows.
fn resizing_lenses(length: usize, to: usize) -> Vec<Lens> {
    // In halves of one pixel's `to`-th, so that all middles are whole numbers.
    let middle = |at: usize, unit: usize| (at * 2 + 1) * unit;
    let reach = length.max(to) * 2;
    let lens = |at: usize| {
        let here = middle(at, length);
        let pixel = |edge: usize| edge.checked_div(to * 2).unwrap_or(0).min(length);
        // Saturating: beyond the first pixel there is none, and no weight.
        let from = pixel(here.saturating_sub(reach));
        let until = (pixel(here + reach) + 1).min(length);
        let weight = |pixel: usize| {
            u64::try_from(reach.saturating_sub(middle(pixel, to).abs_diff(here))).unwrap_or(0)
        };
        Lens::new(from, &(from..until).map(weight).collect::<Vec<_>>())
    };
    (0..to).map(lens).collect()
}

/// Returns the lenses of a binomial blur, which is nearly Gaussian: its standard deviation is 1.2
/// pixels.
fn blurring_lenses(length: usize) -> Vec<Lens> {
    const WEIGHTS: [u64; 7] = [1, 6, 15, 20, 15, 6, 1];
    const REACH: usize = WEIGHTS.len() / 2;
    let lens = |at: usize| {
        // At an edge with what there is: hence saturating.
        let missing = REACH.saturating_sub(at);
        let count = (length - at + REACH).min(WEIGHTS.len());
        Lens::new(
            at.saturating_sub(REACH),
            WEIGHTS.get(missing..count).unwrap_or(&WEIGHTS),
        )
    };
    (0..length).map(lens).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn make_grey(width: usize, height: usize, pixel: impl Fn(usize, usize) -> u8) -> Grey {
        let pixels = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| pixel(x, y))
            .collect();
        Grey::new(pixels, width, height).unwrap()
    }

    #[test]
    fn pixels_and_sides_belong_together() {
        assert_eq!(Grey::new(vec![0; 6], 2, 4), None);
        assert_eq!(Grey::new(Vec::new(), 0, 4), None);
        assert_eq!(Grey::new(Vec::new(), usize::MAX, usize::MAX), None);
        let too_long = LONGEST_SIDE + 1;
        assert_eq!(Grey::new(vec![0; too_long], too_long, 1), None);
        assert_eq!(Grey::new(vec![0; too_long], 1, too_long), None);
        let longest = Grey::new(vec![7; LONGEST_SIDE], LONGEST_SIDE, 1).unwrap();
        assert_eq!(longest.scaled_to(2, 1), None);
        assert_eq!(longest.scaled_to(1, 1), Some(longest.clone()));
    }

    #[test]
    fn an_even_picture_stays_what_it_is_at_any_size() {
        for value in [0, 1, 77, 255] {
            let even = make_grey(23, 11, |_, _| value);
            assert_eq!(even.blurred(), even);
            for (by, of) in [(1, 2), (2, 1), (7, 10), (1, 11), (1, 1)] {
                let scaled = even.scaled_to(by, of).unwrap();
                assert_eq!(
                    (scaled.width(), scaled.height()),
                    (23 * by / of, 11 * by / of)
                );
                assert!(
                    scaled.pixels().iter().all(|pixel| *pixel == value),
                    "{value} at {by}/{of}: {scaled:?}"
                );
            }
        }
        assert_eq!(
            make_grey(23, 11, |_, _| 0).scaled_to(1, 12),
            None,
            "nothing is left of its height"
        );
        assert_eq!(make_grey(1, 1, |_, _| 9).blurred().pixels(), [9]);
    }

    #[test]
    fn a_picture_at_half_its_size_is_the_same_picture() {
        // Dark at the top left, lighter to the right, and lighter still downwards.
        let slope = make_grey(40, 20, |x, y| u8::try_from(2 * x + 5 * y).unwrap());
        let half = slope.scaled_to(1, 2).unwrap();
        assert_eq!((half.width(), half.height()), (20, 10));
        for (x, y) in [(5, 5), (10, 3), (18, 8)] {
            let (value, expected) = (half.pixels()[y * 20 + x], 2 * (2 * x) + 5 * (2 * y) + 3);
            assert!(
                usize::from(value).abs_diff(expected) <= 1,
                "{x}, {y}: {value}, expected {expected}"
            );
        }
        assert_eq!(slope.scaled_to(1, 1).unwrap(), slope);
    }

    #[test]
    fn a_line_is_doubled_and_blurred_where_it_is() {
        let line = make_grey(9, 9, |x, _| if x == 4 { 0 } else { 255 });
        let doubled = line.scaled_to(2, 1).unwrap();
        assert_eq!(
            doubled.pixels()[..18],
            [
                255, 255, 255, 255, 255, 255, 255, 191, 64, 64, 191, 255, 255, 255, 255, 255, 255,
                255
            ]
        );
        assert_eq!(
            line.blurred().pixels()[..9],
            [255, 251, 231, 195, 175, 195, 231, 251, 255]
        );
    }

    #[test]
    fn little_contrast_becomes_much() {
        let pale = make_grey(20, 20, |x, _| if x < 10 { 120 } else { 140 });
        assert_eq!(
            pale.clone().contrast_stretched(),
            make_grey(20, 20, |x, _| if x < 10 { 0 } else { 255 })
        );
        assert_eq!(
            pale.inverted().contrast_stretched(),
            make_grey(20, 20, |x, _| if x < 10 { 255 } else { 0 })
        );
        let even = make_grey(5, 5, |_, _| 30);
        assert_eq!(even.clone().contrast_stretched(), even);
    }
}
