//! What the network learned about characters, for programs that display vectors.
//!
//! The embeddings of several networks are concatenated into one longer vector, so that distances between
//! characters combine all networks.

use std::fmt::Write;

use nextchar_core::LanguageModel;
use nextchar_core::data::CountedWindows;
use nextchar_core::model::Network;
use nextchar_core::text::{END, Token, Vocab};

/// How a space is written where spaces separate fields, as in SentencePiece.
pub const VISIBLE_SPACE: &str = "\u{2581}";

/// The vector of one character, from all networks.
fn vector(networks: &[Network], token: Token) -> impl Iterator<Item = f32> + '_ {
    networks.iter().flat_map(move |network| {
        let width = network.config().embedding_dim;
        let start = usize::from(token) * width;
        network.params().embedding[start..start + width]
            .iter()
            .copied()
    })
}

/// How a character is written as one field.
pub(super) fn field(vocab: &Vocab, token: Token) -> String {
    vocab.symbol(token).replace(' ', VISIBLE_SPACE)
}

fn tokens(networks: &[Network]) -> std::ops::Range<Token> {
    let size = networks.first().map_or(0, LanguageModel::vocab_size);
    END..size as Token
}

/// word2vec's text format: the number of characters and the width, then a line with each character and its vector.
pub fn word2vec(vocab: &Vocab, networks: &[Network]) -> String {
    let width: usize = networks
        .iter()
        .map(|network| network.config().embedding_dim)
        .sum();
    let mut text = format!("{} {width}\n", tokens(networks).len());
    for token in tokens(networks) {
        text.push_str(&field(vocab, token));
        for x in vector(networks, token) {
            let _ = write!(text, " {x}");
        }
        text.push('\n');
    }
    text
}

/// The two files of the Embedding Projector: the vectors, and the characters with their counts in the training
/// names (empty if unknown).
pub fn projector(
    vocab: &Vocab,
    networks: &[Network],
    bigrams: &CountedWindows,
) -> (String, String) {
    let (mut vectors, mut metadata) = (String::new(), "letter\tcount\n".to_owned());
    let mut counts = vec![0u64; vocab.len()];
    for row in bigrams.rows() {
        for (&target, &count) in row.targets.iter().zip(row.counts) {
            counts[usize::from(target)] += count;
        }
    }
    for token in tokens(networks) {
        let numbers: Vec<String> = vector(networks, token).map(|x| x.to_string()).collect();
        let _ = writeln!(vectors, "{}", numbers.join("\t"));
        let count = match bigrams.is_empty() {
            true => String::new(),
            false => counts[usize::from(token)].to_string(),
        };
        let _ = writeln!(metadata, "{}\t{count}", field(vocab, token));
    }
    (vectors, metadata)
}
