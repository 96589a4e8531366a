//! Random numbers that only depend on the seed.

/// `SplitMix64`: one addition and a few mixing steps a number, all 2^64 states in one cycle.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Whether something happens that happens so many times in a million.
    pub(crate) const fn chance(&mut self, per_million: u32) -> bool {
        // 44 high bits times a million fit into 64 bits.
        ((self.next() >> 20) * 1_000_000) >> 44 < per_million as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn chances() {
        let mut random = Random::new(1);
        let hits = (0..100_000).filter(|_| random.chance(10_000)).count();
        assert!((900..1100).contains(&hits), "{hits}");
        assert!((0..1000).all(|_| random.chance(1_000_000)));
        assert!(!(0..1000).any(|_| random.chance(0)));
    }
}
