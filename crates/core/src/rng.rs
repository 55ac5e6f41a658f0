//! The only source of randomness: ChaCha8 streams that are derived from the seed, one for each purpose.

use std::fmt;
use std::str::FromStr;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A seed: a number or any text. `42` and `"42"` are the same seed.
///
/// ```
/// use nextchar_core::rng::{Purpose, Seed};
///
/// let mut one = Seed::from(42).stream(Purpose::Sample, 0);
/// let mut two = "42".parse::<Seed>().unwrap().stream(Purpose::Sample, 0);
/// assert_eq!(one.uniform(), two.uniform());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(String);

/// What random numbers are used for. Streams of different purposes are independent, so drawing more numbers for one
/// does not affect the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Initial parameters.
    Init,
    /// Sampling the batches of training steps.
    Batch,
    /// Choosing the hidden units that training steps drop.
    Dropout,
    /// Drawing names from a model.
    Sample,
    /// Splitting names into training, validation and test.
    Split,
    /// Negative examples of a verdict's calibration.
    Judge,
    /// Dividing names into folds.
    Fold,
    /// Resampling names for the standard error of a loss.
    Bootstrap,
    /// Options that a search tries out.
    Search,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Purpose::Init => "init",
            Purpose::Batch => "batch",
            Purpose::Dropout => "dropout",
            Purpose::Sample => "sample",
            Purpose::Split => "split",
            Purpose::Judge => "judge",
            Purpose::Fold => "fold",
            Purpose::Bootstrap => "bootstrap",
            Purpose::Search => "search",
        }
    }
}

impl From<u64> for Seed {
    fn from(number: u64) -> Self {
        Seed(number.to_string())
    }
}

impl FromStr for Seed {
    type Err = std::convert::Infallible;

    /// Numbers are normalised: `007` is `7`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.trim().parse::<u64>() {
            Ok(number) => Seed::from(number),
            Err(_) => Seed(text.to_owned()),
        })
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Seed {
    /// The key of this seed and purpose: SHA-256 of `nextchar/PURPOSE/SEED`.
    pub(crate) fn key(&self, purpose: Purpose) -> [u8; 32] {
        Sha256::digest(format!("nextchar/{}/{}", purpose.label(), self.0)).into()
    }

    /// The `index`-th stream of random numbers for a purpose.
    pub fn stream(&self, purpose: Purpose, index: u64) -> Stream {
        let mut generator = ChaCha8Rng::from_seed(self.key(purpose));
        generator.set_stream(index);
        Stream { generator }
    }
}

/// A stream of random numbers. Its values are stable: the same on every machine and in every version.
#[derive(Clone, Debug)]
pub struct Stream {
    generator: ChaCha8Rng,
}

impl Stream {
    /// Another stream of the same seed and purpose, from its start.
    pub fn at(&self, index: u64) -> Stream {
        let mut other = self.clone();
        other.generator.set_stream(index);
        other.generator.set_word_pos(0);
        other
    }

    /// Fills a slice with random words of 32 bits.
    pub fn fill(&mut self, words: &mut [u32]) {
        let mut bytes = [0; 256];
        for words in words.chunks_mut(bytes.len() / 4) {
            let bytes = &mut bytes[..words.len() * 4];
            self.generator.fill_bytes(bytes);
            for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
                *word = u32::from_le_bytes(*bytes);
            }
        }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Position in the stream, in units of [`Stream::bits`].
    pub fn position(&self) -> u64 {
        (self.generator.get_word_pos() / 2) as u64
    }

    /// Moves to a [position](Stream::position).
    pub fn go_to(&mut self, position: u64) {
        self.generator.set_word_pos(2 * u128::from(position));
    }

    /// A uniform number in [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A uniform integer below `bound`, without bias (Lemire 2019, "Fast random integer
    /// generation in an interval", algorithm 5).
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no natural number is below 0");
        let mut product = u128::from(self.bits()) * u128::from(bound);
        if (product as u64) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u64) < threshold {
                product = u128::from(self.bits()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// A standard normal number (Box and Muller 1958; the sine half is discarded).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_text_are_seeds() {
        let seed = |text: &str| text.parse::<Seed>().unwrap();
        assert_eq!(seed("42"), Seed::from(42));
        assert_eq!(seed("007"), Seed::from(7));
        assert_ne!(seed("asha"), seed("Asha"));
    }

    /// These values must never change: files and names depend on them.
    #[test]
    fn values_are_stable() {
        let mut stream = Seed::from(42).stream(Purpose::Sample, 0);
        let first: Vec<u64> = (0..2).map(|_| stream.bits()).collect();
        assert_eq!(first, [FIRST_BITS_0, FIRST_BITS_1]);
    }
    const FIRST_BITS_0: u64 = 2_646_045_709_679_209_193;
    const FIRST_BITS_1: u64 = 10_371_887_206_171_129_651;

    #[test]
    fn words_are_halves_of_bits_and_streams_restart() {
        let base = Seed::from(42).stream(Purpose::Sample, 7);
        let mut stream = base.at(0);
        let mut words = [0; 130];
        stream.fill(&mut words[..3]);
        stream.fill(&mut words[3..]);
        let mut halves = Seed::from(42).stream(Purpose::Sample, 0);
        for pair in words.chunks_exact(2) {
            let expected = halves.bits();
            assert_eq!([expected as u32, (expected >> 32) as u32], pair);
        }
        assert_eq!(
            stream.at(3).bits(),
            Seed::from(42).stream(Purpose::Sample, 3).bits()
        );
    }

    #[test]
    fn purposes_and_indices_differ() {
        let seed = Seed::from(1);
        let first = |purpose, index| seed.stream(purpose, index).bits();
        assert_ne!(first(Purpose::Init, 0), first(Purpose::Batch, 0));
        assert_ne!(first(Purpose::Sample, 0), first(Purpose::Sample, 1));
    }

    #[test]
    fn a_stream_resumes_from_any_position() {
        let mut stream = Seed::from(5).stream(Purpose::Batch, 3);
        for drawn in 0..300 {
            assert_eq!(stream.position(), drawn);
            let mut other = Seed::from(5).stream(Purpose::Batch, 3);
            other.go_to(drawn);
            assert_eq!(other.position(), drawn);
            assert_eq!(other.bits(), stream.bits(), "after {drawn}");
        }
        stream.go_to(u64::MAX);
        assert_eq!(stream.position(), u64::MAX);
    }

    #[test]
    fn below_is_uniform() {
        let mut stream = Seed::from(3).stream(Purpose::Batch, 0);
        let mut counts = [0u32; 6];
        for _ in 0..60_000 {
            counts[stream.below(6) as usize] += 1;
        }
        let chi_square: f64 = counts
            .iter()
            .map(|&n| (f64::from(n) - 10_000.0).powi(2) / 10_000.0)
            .sum();
        assert!(chi_square < 20.5, "{chi_square}"); // p = 0.001 at 5 degrees of freedom
    }

    #[test]
    fn normal_has_mean_zero_and_variance_one() {
        let mut stream = Seed::from(4).stream(Purpose::Init, 0);
        let draws: Vec<f64> = (0..50_000).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 50_000.0;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 50_000.0;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03);
    }
}
