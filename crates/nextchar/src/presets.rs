//! The presets: what an option is where it is left out.

use nextchar_core::model::{Activation, Init};
use nextchar_core::train::{BatchKind, Schedule};

use crate::options::{BatchSize, Draw, Family, Full, OptimizerName};

/// A whole set of options under a name.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "they are the options of the same names")]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    /// The lecture's filter on name lengths, where it is part of the preset.
    pub lengths: Option<(usize, usize)>,
    pub family: Family,
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
use BatchKind::{Passes, Windows};
use OptimizerName::{Adamw, Sgd};
use Schedule::{Cosine, Step};

/// Karpathy's part 2, as published: the literal loop over windows, everything begun from N(0, 1).
const PART2: Preset = Preset {
    name: "part2",
    lengths: None,
    family: Family::Network,
    networks: 1,
    distill: false,
    context: 3,
    embedding: 10,
    hidden: &[200],
    residual: false,
    activation: Tanh,
    init: Init::Lecture,
    optimizer: Sgd,
    learning_rate: 0.1,
    weight_decay: 0.0,
    schedule: Step,
    dropout: 0.0,
    averaging: 0.0,
    batch: Windows(32),
    steps: 200_000,
};

/// The same with the better beginning of part 3.
const KAIMING: Preset = Preset {
    name: "kaiming",
    init: Init::Kaiming,
    ..PART2
};

/// The lecture's: its filter on lengths, letters in the plane.
const LECTURE: Preset = Preset {
    name: "lecture",
    lengths: Some((5, 9)),
    embedding: 2,
    hidden: &[100],
    steps: 30_000,
    ..KAIMING
};

/// What a user wants: the best held-out loss in about two seconds.
const FAST: Preset = Preset {
    name: "fast",
    family: Family::Mixture,
    context: 6,
    embedding: 16,
    hidden: &[128, 128],
    residual: true,
    activation: Gelu,
    optimizer: Adamw,
    learning_rate: 0.012,
    weight_decay: 0.1,
    schedule: Cosine,
    dropout: 0.1,
    averaging: 0.99,
    batch: Passes(256),
    steps: 3_000,
    ..KAIMING
};

/// The best held-out loss, in a minute or two.
const BEST: Preset = Preset {
    name: "best",
    networks: 3,
    hidden: &[240, 240],
    learning_rate: 0.008,
    dropout: 0.25,
    steps: 15_000,
    ..FAST
};

/// All presets, the default first.
pub const PRESETS: [Preset; 5] = [FAST, BEST, LECTURE, PART2, KAIMING];

impl Preset {
    /// The preset of this name.
    pub fn find(name: &str) -> Option<Preset> {
        PRESETS.into_iter().find(|preset| preset.name == name)
    }

    /// How many rows a step has, and what they are.
    pub fn rows(&self) -> (BatchSize, Draw) {
        match self.batch {
            BatchKind::Full => (BatchSize::Full(Full::Full), Draw::Contexts),
            BatchKind::Contexts(rows) => (BatchSize::Rows(rows), Draw::Contexts),
            Windows(rows) => (BatchSize::Rows(rows), Draw::Windows),
            Passes(rows) => (BatchSize::Rows(rows), Draw::Passes),
        }
    }
}
