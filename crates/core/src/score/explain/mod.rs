//! Every number of one prediction, one gradient, one name, and the embedding.

mod embedding;
mod gradient;
mod stages;
mod word;

pub use embedding::{Neighbor, Plane, embedding_plane, neighbors};
pub use gradient::{ExampleGradient, LayerGradient, example_gradient};
pub use stages::{Explanation, LayerValues, explain};
pub use word::{
    CharacterExplanation, LikelyToken, WordExplanation, explain_word, explain_word_after,
};
