//! Learn a list of names, write new ones under exact conditions, and judge words.
//!
//! ```
//! use nextchar::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # std::env::set_current_dir(&folder)?;
//! # let list: String = nextchar::data::EmbeddedList::find("finnish-names").unwrap().rows().map(|name| format!("{name}\n")).collect();
//! # std::fs::write("mine.txt", list)?;
//! let names = Names::read("mine.txt")?;                       // or Names::from_iter(["aabid", "aadesh", …])
//! let model = Model::train(&names, &TrainOptions::preset(Preset::Fast))?;
//!
//! for name in model.generate().suffix("ya").length(6..=6).novel().take(4) {
//!     println!("{name}");
//! }
//! let verdict = model.score("aadesh")?;
//! println!("{:.2} nats, {}", verdict.log_prob, if verdict.is_plausible(0.01) { "a name" } else { "no name" });
//! model.save("mine.safetensors")?;
//! # Ok(())
//! # }
//! ```
//!
//! A [`Model`] is what its file holds: the characters, the networks and counts, the names that it was made
//! from, and the calibration by which it judges words. The program `nextchar` and the web page are front ends
//! of this library: the same names, options and seed give the same bytes everywhere.
//!
//! | to | begin with |
//! |---|---|
//! | read a list | [`Names::read`], [`Names::embedded`], [`Names::from_iter`] |
//! | make a model | [`Model::train`], [`TrainOptions`], [`Preset`] |
//! | watch, stop or resume a training | [`Training`], [`Watch`]; step by step: [`Steps`] |
//! | write names | [`Model::generate`], [`Generate`] |
//! | judge words | [`Model::score`], [`Model::score_all`], [`Verdict`] |
//! | look inside | [`Model::next`], [`Model::explain`], [`Model::explain_word`], [`Model::neighbors`] |
//! | measure | [`Model::evaluate`] |
//! | search for better options | [`search::Search`] |
//! | keep a model | [`Model::save`], [`Model::load`], [`Model::to_bytes`] |
//! | export it to other programs | `export::FORMATS` (feature `export`) |
//!
//! Beneath are the chapters of the lecture, for whoever came for the gears: [`text`], [`data`], [`model`],
//! [`counts`], [`combine`], [`train`], [`sample`] and [`score`]. [`LanguageModel`] is the seam between them.
#![forbid(unsafe_code)]

mod background;
mod clock;
mod corpus;
mod counted;
mod counts_files;
mod door;
#[cfg(feature = "lists")]
mod embedded;
#[cfg(feature = "export")]
pub mod export;
mod names;
mod options;
mod scan;
pub mod search;
mod training;
mod unpacked;
mod workers;

pub use background::background_model;
pub use clock::Clock;
pub use corpus::Corpus;
pub use counted::{Counted, Part};
pub use counts_files::CountsFiles;
pub use door::{
    Error, EvaluateOptions, Evaluation, Generate, LARGEST_MODEL, Model, NewNames, Placeholders,
    Reason, Recognition, Verdict, Verdicts, WhyNone, read_file,
};
pub use names::Names;
pub use nextchar_core::sample::Generated;
pub use nextchar_core::{
    Error as CoreError, Executor, LanguageModel, Mixture, Serial, combine, counts, data, error,
    executor, language_model, model, rng, sample, score, setting, text, train,
};
pub use nextchar_formats::{ModelFile, Record};
pub use options::{
    BadValue, BatchSize, Choice, Draw, Family, GenerateOptions, LearningRate, OptimizerName,
    Preset, Tokens, TrainOptions, UnknownChoice, Usual, Widths, arguments_of,
};
pub use training::{
    EVALUATIONS, Ended, Made, Plan, Refitted, Reports, Stage, Steps, Training, Watch,
};
pub use unpacked::unpacked;
pub use workers::Workers;

/// What most programs need.
pub mod prelude {
    pub use crate::{Family, Model, Names, Preset, TrainOptions};
}
