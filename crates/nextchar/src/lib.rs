//! From a list and options to a model file: presets, the three families, what is written down. The
//! command line and the page are front ends of this; files, threads and clocks are theirs.
//!
//! ```
//! use nextchar::Serial;
//! use nextchar::data::{EmbeddedList, ReadOptions, SplitOptions};
//! use nextchar::train::{Engine, Tables, train};
//! use nextchar::{Corpus, Part, TrainOptions, plan};
//!
//! let (names, _) = EmbeddedList::find("finnish-names").unwrap().read(&ReadOptions::default()).unwrap();
//! let corpus = Corpus::split("finnish-names", names, Default::default(), SplitOptions::default()).unwrap();
//! let options = TrainOptions { preset: "lecture".into(), steps: Some(50), portable: true, ..Default::default() };
//! let (plan, table) = plan(&options, &corpus).unwrap();
//! let rivals = corpus.rivals(plan.shape.context_length, &Serial).unwrap();
//! let val = corpus.windows(Part::Val, plan.shape.context_length).unwrap();
//! let table = plan.smoothed(table);
//! let tables = Tables { train: &table, val: val.as_ref() };
//! let trained = train(&plan.shape, &plan.config, tables, &Engine::new(&Serial), &mut ()).unwrap();
//! let model = plan.model(&corpus, vec![trained.network.clone()], &rivals, &Serial).unwrap();
//! let (file, reports) = plan.file(&corpus, model, Some(&trained), rivals, &Serial).unwrap();
//! assert!(reports.val.unwrap().loss < 3.3 && !file.to_bytes().unwrap().is_empty());
//! ```
#![forbid(unsafe_code)]

pub use nextchar_core::{
    Error, Executor, LanguageModel, Mixture, Serial, combine, counts, data, error, executor,
    language_model, model, rng, sample, score, setting, text, train,
};

mod corpus;
mod counted;
mod file;
mod options;
mod plan;
mod presets;

pub use corpus::Corpus;
pub use counted::{Counted, Part};
pub use file::Reports;
pub use options::{BatchSize, Draw, Family, Full, OptimizerName, TrainOptions};
pub use plan::{EVALUATIONS, Plan, mixed, plan};
pub use presets::{PRESETS, Preset};
