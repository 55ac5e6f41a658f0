//! Every number of one prediction, of one gradient, of one name, and of the embedding.

mod embedding;
mod gradient;
mod stages;
mod word;

pub use embedding::{Neighbor, Plane, letter_plane, neighbors};
pub use gradient::{ExampleGradient, LayerGradient, example_gradient};
pub use stages::{Explanation, LayerValues, explain};
pub use word::{LetterExplanation, LikelyToken, WordExplanation, explain_word, explain_word_after};
