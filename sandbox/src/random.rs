//! A small seeded generator (SplitMix64): the same seed gives the same world.

/// The generator.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

/// The letters of Kubernetes' generated names: no vowels, no digits that look like letters.
const NAME_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Random {
    /// A generator that starts from `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `range`, both ends included.
    pub(crate) fn between(&mut self, range: (i64, i64)) -> i64 {
        let (low, high) = range;
        let width = high.saturating_sub(low).max(0).unsigned_abs() + 1;
        low + i64::try_from(self.bits() % width).unwrap_or(0)
    }

    /// Letters as the API server appends them to a `generateName`.
    pub(crate) fn name_suffix(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| {
                let index = usize::try_from(self.bits() % NAME_LETTERS.len() as u64).unwrap_or(0);
                char::from(NAME_LETTERS[index])
            })
            .collect()
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let high = self.bits();
        let low = self.bits();
        format!(
            "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            8 + ((low >> 62) & 3),
            (low >> 48) & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }
}

/// The hash of a pod template as it becomes part of names: 32 bits of FNV-1a, spelt in the letters of generated names.
pub(crate) fn template_hash(template: &str) -> String {
    let hash = template.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.to_string().bytes().map(|digit| char::from(NAME_LETTERS[usize::from(digit) % NAME_LETTERS.len()])).collect()
}
