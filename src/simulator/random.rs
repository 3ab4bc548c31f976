//! Numbers that look random and are the same for the same seed, in every version of this program:
//! SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). For
//! faults alone; keys and ids come from the system.

pub(super) struct SeededRandom(u64);

impl SeededRandom {
    /// Makes a generator, with a sequence of its own for each pair of numbers.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        Self(mix_bits(seed ^ mix_bits(stream)))
    }

    /// Draws `true` in `percent` of a hundred cases.
    pub(super) fn draw_percent(&mut self, percent: u8) -> bool {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix_bits(self.0) % 100 < u64::from(percent)
    }
}

fn mix_bits(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_for_ever() {
        // The reference implementation's first number for the state 1234567.
        assert_eq!(
            mix_bits(1_234_567_u64.wrapping_add(0x9E37_79B9_7F4A_7C15)),
            6_457_827_717_110_365_317
        );
        let draws = |seed, stream| {
            let mut random = SeededRandom::new(seed, stream);
            (0..64).map(|_| random.draw_percent(50)).collect::<Vec<_>>()
        };
        assert_eq!(draws(7, 1), draws(7, 1));
        assert_ne!(draws(7, 1), draws(8, 1));
        assert_ne!(draws(7, 1), draws(7, 2));
    }

    #[test]
    fn a_percentage_is_about_that_share() {
        let mut random = SeededRandom::new(0, 0);
        let hits = (0..10_000).filter(|_| random.draw_percent(25)).count();
        assert!((2300..2700).contains(&hits), "{hits}");
        assert!((0..1000).all(|_| random.draw_percent(100)));
        assert!(!(0..1000).any(|_| random.draw_percent(0)));
    }
}
