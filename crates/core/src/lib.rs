//! The complete next-token-prediction pipeline at a small scale: learn a list of names, generate new ones, and inspect
//! every number along the way.
//!
//! The seven steps of the lecture *Next Token Prediction* are the chapters of this library:
//!
//! | step | chapter | begin with |
//! |---|---|---|
//! | 1. classes | [`text`] | [`text::Vocab`], [`text::Tokenizer`] |
//! | 2. names, 3. windows | [`data`] | [`data::read_names`], [`data::CountedWindows`] |
//! | 4. embedding, 5. MLP, 6. cross-entropy | [`model`] | [`model::reference`], [`model::ModelConfig`], [`model::Network`] |
//! | what counts alone can do | [`counts`], [`combine`] | [`counts::KneserNey`], [`Mixture`] |
//! | 6. training | [`mod@train`] | [`train::train`] |
//! | 7. generation | [`sample`] | [`sample::Generator`], [`sample::Conditions`] |
//! | what a model is worth | [`score`] | [`score::evaluate()`], [`score::explain_word`], [`score::Judge`] |
//!
//! All of them, in order:
//!
//! ```
//! use nextchar_core::data::{CountedWindows, ReadOptions, read_names, windows};
//! use nextchar_core::language_model::{LanguageModel, loss};
//! use nextchar_core::model::{Activation, ModelConfig};
//! use nextchar_core::rng::{Purpose, Seed};
//! use nextchar_core::sample::{Conditions, Generator, Request};
//! use nextchar_core::text::{END, Token, Vocab};
//! use nextchar_core::train::{BatchKind, Engine, Optimizer, Schedule, Tables, TrainConfig, train};
//! use nextchar_core::{Error, Serial};
//!
//! # fn main() -> Result<(), Error> {
//! // 1. The next character is one of 27 classes: a–z and the end mark.
//! let vocab = Vocab::az();
//!
//! // 2. Data: names, one per line.
//! let file = "aabid\naadesh\naashid\nzeel\n";
//! let (names, _diagnosis) = read_names(file.as_bytes(), &ReadOptions::default())?;
//!
//! // 3. Windows: every context of three characters with the next one; equal contexts are counted together.
//! let rows: Vec<String> = windows(&vocab.encode("aabid").unwrap(), 3)
//!     .map(|(context, target)| format!("{}→{}", vocab.decode(&context), vocab.symbol(target)))
//!     .collect();
//! assert_eq!(rows, ["___→a", "__a→a", "_aa→b", "aab→i", "abi→d", "bid→_"]);
//! let table = CountedWindows::from_list(&names, &vocab, 3)?;
//! assert_eq!((table.examples(), table.len()), (25, 18));
//!
//! // 4. An embedding of 2 numbers per character; 5. three of them concatenated, and an MLP.
//! let shape = ModelConfig {
//!     vocab_size: vocab.len(),
//!     context_length: 3,
//!     embedding_dim: 2,
//!     hidden_sizes: vec![32],
//!     activation: Activation::Tanh,
//!     residual: false,
//!     labels: 0,
//! };
//!
//! // 6. Cross-entropy trains them all together; the initial loss is near ln 27 = 3.30 nats.
//! let training = TrainConfig {
//!     optimizer: Optimizer::Sgd,
//!     learning_rate: 1.0,
//!     schedule: Schedule::Constant,
//!     batch: BatchKind::Full,
//!     steps: 300,
//!     evaluate_every: 300,
//!     ..TrainConfig::default()
//! };
//! let tables = Tables { train: &table, val: None };
//! let trained = train(&shape, &training, tables, &Engine::new(&Serial), &mut ())?;
//! assert!(trained.first_loss > 3.2 && loss(&trained.network, &table, &Serial) < 0.5);
//!
//! // 7. Generate: draw from P(next | context) until the end mark.
//! let mut rng = Seed::from(42).stream(Purpose::Sample, 0);
//! let (mut context, mut name) = ([END; 3], Vec::new());
//! loop {
//!     let mut left = rng.uniform();
//!     let log_probs = trained.network.next_log_probs(&context);
//!     let drawn = (0..).zip(log_probs).find(|(_, log_prob)| {
//!         left -= log_prob.exp();
//!         left < 0.0
//!     });
//!     let token: Token = drawn.map_or(END, |(token, _)| token);
//!     if token == END {
//!         break;
//!     }
//!     name.push(token);
//!     context = [context[1], context[2], token];
//! }
//! assert!(vocab.decode(&name).len() > 2);
//!
//! // Or with conditions: names of at most 9 characters, no name twice.
//! let request = Request {
//!     count: 3,
//!     conditions: Conditions::default().length(1..=9),
//!     unique: true,
//!     ..Request::default()
//! };
//! let new = Generator::new(&trained.network, &vocab, request, &Seed::from(42), &Serial)?;
//! assert_eq!(new.count(), 3);
//! # Ok(())
//! # }
//! ```
//!
//! Two abstractions connect everything: [`data::CountedWindows`] is all that training sees of a corpus, and
//! [`LanguageModel`] is all that sampling and scoring see of a model. The library has no files, threads or clocks of its
//! own: callers pass in readers, an [`Executor`] and a [`train::Observer`].
#![forbid(unsafe_code)]

pub mod error;
pub mod executor;
pub mod language_model;
pub mod rng;
pub mod setting;

pub mod text;

pub mod data;

pub mod model;

pub mod counts;

pub mod combine;

pub mod train;

pub mod sample;

pub mod score;

mod numeric;

pub use combine::Mixture;
pub use error::Error;
pub use executor::{Executor, Serial};
pub use language_model::LanguageModel;
