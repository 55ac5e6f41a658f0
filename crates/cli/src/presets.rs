//! The presets: what an option is where it is left out.

use clap::ValueEnum;
use nextchar::model::{Activation, Init};
use nextchar::optim::{BatchKind, Schedule};

/// What kind of model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FamilyName {
    /// The lecture's, of any depth
    Network,
    /// Interpolated modified Kneser–Ney: counting alone
    KneserNey,
    /// Networks and counts, weighted on val
    Mixture,
}

/// How a gradient becomes a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OptimizerName {
    Sgd,
    Adamw,
}

/// A whole set of options under a name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    /// The lecture's filter on name lengths, where it is part of the preset.
    pub lengths: Option<(usize, usize)>,
    pub family: FamilyName,
    /// Number of networks, and whether one more learns from them.
    pub networks: usize,
    pub distill: bool,
    pub context: usize,
    pub embedding: usize,
    pub hidden: &'static [usize],
    pub residual: bool,
    pub activation: Activation,
    pub init: Init,
    pub optimizer: OptimizerName,
    pub learning_rate: f64,
    pub weight_decay: f64,
    pub schedule: Schedule,
    pub dropout: f64,
    pub averaging: f64,
    pub batch: BatchKind,
    pub steps: u64,
}

use Activation::{Gelu, Tanh};
use BatchKind::{Contexts, Windows};
use OptimizerName::{Adamw, Sgd};
use Schedule::{Cosine, Step};

/// All presets, the default first.
#[rustfmt::skip] // a table
pub const PRESETS: [Preset; 4] = [
    // What a user wants: a good held-out loss in about a second.
    Preset { name: "fast", lengths: None, family: FamilyName::Network, networks: 1, distill: false, context: 5, embedding: 16, hidden: &[128], residual: false, activation: Gelu, init: Init::Kaiming,
        optimizer: Adamw, learning_rate: 0.01, weight_decay: 0.1, schedule: Cosine, dropout: 0.0, averaging: 0.0, batch: Contexts(256), steps: 1_500 },
    // The lecture's: its length filter, context 3, letters in the plane, the loop over windows.
    Preset { name: "lecture", lengths: Some((5, 9)), family: FamilyName::Network, networks: 1, distill: false, context: 3, embedding: 2, hidden: &[100], residual: false, activation: Tanh, init: Init::Kaiming,
        optimizer: Sgd, learning_rate: 0.1, weight_decay: 0.0, schedule: Step, dropout: 0.0, averaging: 0.0, batch: Windows(32), steps: 30_000 },
    // Karpathy's part 2, as published.
    Preset { name: "part2", lengths: None, family: FamilyName::Network, networks: 1, distill: false, context: 3, embedding: 10, hidden: &[200], residual: false, activation: Tanh, init: Init::Lecture,
        optimizer: Sgd, learning_rate: 0.1, weight_decay: 0.0, schedule: Step, dropout: 0.0, averaging: 0.0, batch: Windows(32), steps: 200_000 },
    // The same with the better beginning of part 3.
    Preset { name: "kaiming", lengths: None, family: FamilyName::Network, networks: 1, distill: false, context: 3, embedding: 10, hidden: &[200], residual: false, activation: Tanh, init: Init::Kaiming,
        optimizer: Sgd, learning_rate: 0.1, weight_decay: 0.0, schedule: Step, dropout: 0.0, averaging: 0.0, batch: Windows(32), steps: 200_000 },
];

impl Preset {
    /// The preset of this name.
    pub fn find(name: &str) -> Option<Preset> {
        PRESETS.into_iter().find(|preset| preset.name == name)
    }
}
