//! The presets: named sets of options, for those that are not given.

use std::fmt;
use std::str::FromStr;

use nextchar_core::model::{Activation, Init};
use nextchar_core::text::Alphabet;
use nextchar_core::train::Schedule;
use serde::{Deserialize, Serialize};

use super::TrainOptions;
use super::values::{
    BatchSize, Choice, Draw, Family, LearningRate, OptimizerName, UnknownChoice, Widths, as_text,
    parse,
};

/// A named set of options.
///
/// ```
/// use nextchar::{Preset, TrainOptions};
///
/// let fast = Preset::Fast.options();
/// assert_eq!((fast.context, fast.steps), (Some(6), Some(3_000)));
/// let own = TrainOptions { steps: Some(500), ..TrainOptions::preset(Preset::Fast) };
/// assert_eq!((own.resolved().context, own.resolved().steps), (Some(6), Some(500)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Preset {
    /// The best held-out loss in about two seconds.
    #[default]
    Fast,
    /// The best held-out loss, in a minute or two.
    Best,
    /// The lecture's: names of five to nine characters, an embedding in the plane.
    Lecture,
    /// Karpathy's part 2, as published: the literal loop over windows, parameters drawn from N(0, 1).
    Part2,
    /// The same, with the better initialisation of part 3.
    Kaiming,
}

impl Choice for Preset {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Preset::Fast, "fast", ""),
        (Preset::Best, "best", ""),
        (Preset::Lecture, "lecture", ""),
        (Preset::Part2, "part2", ""),
        (Preset::Kaiming, "kaiming", ""),
    ];
}

as_text!(Preset);

impl TryFrom<String> for Preset {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let preset = name.parse::<Preset>();
        preset.map_err(|unknown| format!("the preset {unknown}"))
    }
}

impl Preset {
    /// The lengths of the names that the preset learns from, in characters; `None` for all.
    pub fn lengths(self) -> Option<(usize, usize)> {
        (self == Preset::Lecture).then_some((5, 9))
    }

    /// The alphabet of the presets that repeat the lecture: its 27 classes; `None` for what suits the list.
    pub fn alphabet(self) -> Option<Alphabet> {
        match self {
            Preset::Part2 | Preset::Kaiming | Preset::Lecture => Some(Alphabet::Az),
            Preset::Fast | Preset::Best => None,
        }
    }

    /// Its options: all that a training needs.
    pub fn options(self) -> TrainOptions {
        let named = |options: TrainOptions| TrainOptions {
            preset: self,
            ..options
        };
        named(match self {
            Preset::Part2 => part2(),
            Preset::Kaiming => kaiming(),
            Preset::Lecture => TrainOptions {
                embedding: Some(2),
                hidden: Some(Widths::from([100])),
                steps: Some(30_000),
                ..kaiming()
            },
            Preset::Fast => fast(),
            Preset::Best => TrainOptions {
                networks: Some(3),
                hidden: Some(Widths::from([240, 240])),
                learning_rate: Some(LearningRate::Fixed(0.008)),
                dropout: Some(0.25),
                steps: Some(15_000),
                ..fast()
            },
        })
    }
}

fn part2() -> TrainOptions {
    TrainOptions {
        family: Some(Family::Network),
        networks: Some(1),
        context: Some(3),
        embedding: Some(10),
        hidden: Some(Widths::from([200])),
        activation: Some(Activation::Tanh),
        init: Some(Init::Lecture),
        optimizer: Some(OptimizerName::Sgd),
        learning_rate: Some(LearningRate::Fixed(0.1)),
        weight_decay: Some(0.0),
        schedule: Some(Schedule::Step),
        dropout: Some(0.0),
        averaging: Some(0.0),
        batch: Some(BatchSize::Rows(32)),
        draw: Some(Draw::Windows),
        steps: Some(200_000),
        no_refit: true,
        ..TrainOptions::default()
    }
}

fn kaiming() -> TrainOptions {
    TrainOptions {
        init: Some(Init::Kaiming),
        ..part2()
    }
}

fn fast() -> TrainOptions {
    TrainOptions {
        family: Some(Family::Mixture),
        context: Some(6),
        embedding: Some(16),
        hidden: Some(Widths::from([128, 128])),
        residual: true,
        activation: Some(Activation::Gelu),
        optimizer: Some(OptimizerName::Adamw),
        learning_rate: Some(LearningRate::Fixed(0.012)),
        weight_decay: Some(0.1),
        schedule: Some(Schedule::Cosine),
        dropout: Some(0.1),
        averaging: Some(0.99),
        batch: Some(BatchSize::Rows(256)),
        draw: Some(Draw::Passes),
        steps: Some(3_000),
        no_refit: false,
        ..kaiming()
    }
}
