//! The options of `train`, and the values that they take.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use nextchar::model::{Activation, Init};
use nextchar::rng::Seed;
use nextchar::train::Schedule;
use nextchar::{self as recipe, PRESETS, TrainOptions};
use nextchar_kernels::InstructionSet;

use super::CorpusArgs;

#[derive(Args, Clone, Debug)]
pub struct TrainArgs {
    #[command(flatten)]
    pub corpus: CorpusArgs,

    /// Counted windows (Parquet: context, next, count) in place of DATA; several files add up
    #[arg(long, value_name = "FILE", help_heading = "Data", conflicts_with_all = ["data", "val",
        "test", "column", "weights", "filter", "strict", "min_length", "max_length",
        "keep_duplicates", "split", "split_seed"])]
    pub counts: Vec<PathBuf>,
    /// Counted windows to choose the best step by
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub val_counts: Vec<PathBuf>,
    /// Counted windows to report the loss on
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub test_counts: Vec<PathBuf>,

    /// What kind of model: a network, counts alone, or both mixed [default: the preset's]
    #[arg(long, value_enum, help_heading = "Model")]
    pub family: Option<FamilyName>,
    /// Context length of the counts [default: the best on val, 6 at most]
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub counts_context: Option<usize>,
    /// Number of networks, of different seeds, that are averaged
    #[arg(long, value_name = "N", help_heading = "Model", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub networks: Option<u32>,
    /// Let whole names of the list come again as often as its duplicates say (Good–Turing): with
    /// --keep-duplicates or --weights
    #[arg(long, conflicts_with_all = ["counts", "no_names"], help_heading = "Model")]
    pub good_turing: bool,
    /// Let one network learn what the networks and counts together predict
    #[arg(long, help_heading = "Model")]
    pub distill: bool,
    /// Let the networks learn what this model predicts, on the list and on names that it draws
    #[arg(
        long,
        value_name = "MODEL",
        help_heading = "Model",
        conflicts_with = "distill"
    )]
    pub teacher: Option<PathBuf>,
    /// A whole set of options; those given beside it replace its own
    #[arg(long, default_value = "fast", help_heading = "Model",
        value_parser = PossibleValuesParser::new(PRESETS.map(|preset| preset.name)))]
    pub preset: String,
    /// Number of characters looked back
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub context: Option<usize>,
    /// Width of a character's embedding
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub embedding: Option<usize>,
    /// Widths of the hidden layers, such as 200 or 256,128; `none` for no layer
    #[arg(long, value_name = "N,…", value_parser = parse_hidden, help_heading = "Model")]
    pub hidden: Option<Hidden>,
    /// Nonlinearity of the hidden layers
    #[arg(long, value_enum, help_heading = "Model")]
    pub activation: Option<ActivationName>,
    /// Add a hidden layer's input to its output, where both are as wide
    #[arg(long, help_heading = "Model")]
    pub residual: bool,
    /// How the parameters begin
    #[arg(long, value_enum, help_heading = "Model")]
    pub init: Option<InitName>,

    /// How a gradient becomes a step
    #[arg(long, value_enum, help_heading = "Training")]
    pub optimizer: Option<OptimizerName>,
    /// Learning rate, before the schedule's factor; `auto` finds one in 300 steps of growing rates
    #[arg(
        long,
        value_name = "X|auto",
        value_parser = parse_learning_rate,
        help_heading = "Training",
        allow_negative_numbers = true
    )]
    pub learning_rate: Option<LearningRate>,
    /// How the learning rate changes
    #[arg(long, value_enum, help_heading = "Training")]
    pub schedule: Option<ScheduleName>,
    /// Rows in a step: all, or this many
    #[arg(long, value_name = "full|N", value_parser = parse_batch, help_heading = "Training")]
    pub batch: Option<recipe::BatchSize>,
    /// What the rows of a batch are
    #[arg(long, value_enum, help_heading = "Training")]
    pub draw: Option<DrawName>,
    /// Number of steps
    #[arg(
        long,
        value_name = "N",
        help_heading = "Training",
        conflicts_with = "epochs"
    )]
    pub steps: Option<u64>,
    /// Number of passes through the contexts (or the windows), instead of --steps
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub epochs: Option<u64>,
    /// Decoupled weight decay (adamw only)
    #[arg(
        long,
        value_name = "X",
        help_heading = "Training",
        allow_negative_numbers = true
    )]
    pub weight_decay: Option<f64>,
    /// Probability with which a step leaves a hidden unit out
    #[arg(
        long,
        value_name = "X",
        help_heading = "Training",
        allow_negative_numbers = true
    )]
    pub dropout: Option<f64>,
    /// Normalise the hidden layers' preactivations while learning; the saved network is a plain one
    #[arg(long, help_heading = "Training")]
    pub batch_norm: bool,
    /// Share of every label that is spread over all characters alike, such as 0.05
    #[arg(
        long,
        value_name = "X",
        help_heading = "Training",
        allow_negative_numbers = true
    )]
    pub label_smoothing: Option<f64>,
    /// Save a running average of the weights that keeps this share a step, such as 0.99
    #[arg(
        long,
        value_name = "X",
        help_heading = "Training",
        allow_negative_numbers = true
    )]
    pub averaging: Option<f64>,
    /// Stop after this many looks at val without a better one (there are about fifty in a run)
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub patience: Option<u64>,
    /// Stop when the loss on val is this or less
    #[arg(long, value_name = "X", help_heading = "Training")]
    pub target_loss: Option<f64>,
    /// Steps between two looks at val [default: a fiftieth of the run]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub evaluate_every: Option<u64>,
    /// Train for this long, such as 2s or 5m: --steps and its schedule are fitted to it
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration,
        conflicts_with_all = ["steps", "epochs", "distill", "teacher"], help_heading = "Training")]
    pub time: Option<std::time::Duration>,
    /// Multiply and add with two roundings, as a browser must: its bits, a little slower
    #[arg(long, help_heading = "Training")]
    pub portable: bool,
    /// How many threads compute; the result does not depend on it [default: all]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub threads: Option<NonZeroUsize>,
    /// Force these vector instructions: portable, sse2, avx2 or avx512; the result does not depend on it
    #[arg(long, env = "NEXTCHAR_INSTRUCTIONS", hide = true)]
    pub instructions: Option<InstructionSet>,
    /// Stop at this step of the run that --steps plans, as Ctrl-C would
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub stop_after: Option<u64>,
    /// Save the training's state to FILE every so often, so that --resume can continue it; deleted once
    /// the model is saved
    #[arg(long, value_name = "FILE", help_heading = "Training")]
    pub checkpoint: Option<PathBuf>,
    /// Time between two checkpoints
    #[arg(long, value_name = "TIME", default_value = "10s",
        value_parser = humantime::parse_duration, help_heading = "Training")]
    pub checkpoint_every: std::time::Duration,
    /// Go on with the training of this checkpoint: other options than its own need not be given
    #[arg(long, value_name = "FILE", help_heading = "Training")]
    pub resume: Option<PathBuf>,
    /// What the beginning, the batches and the ten names are drawn from: a number or any text
    #[arg(
        long,
        value_name = "SEED",
        default_value = "42",
        help_heading = "Training",
        allow_hyphen_values = true
    )]
    pub seed: Seed,

    /// Where the model is saved
    #[arg(
        long,
        value_name = "FILE",
        default_value = "nextchar.safetensors",
        help_heading = "Output"
    )]
    pub out: PathBuf,
    /// Replace FILE even if it is not a model of this program
    #[arg(long, help_heading = "Output")]
    pub force: bool,
    /// Leave the names out of the model file (then `generate --novel` cannot be used with it)
    #[arg(long, help_heading = "Output")]
    pub no_names: bool,
    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

impl TrainArgs {
    /// Those that decide the result, as every front end gives them.
    pub fn options(&self) -> TrainOptions {
        TrainOptions {
            preset: self.preset.clone(),
            family: self.family.map(Into::into),
            counts_context: self.counts_context,
            networks: self.networks,
            distill: self.distill,
            good_turing: self.good_turing,
            context: self.context,
            embedding: self.embedding,
            hidden: self.hidden.as_ref().map(|hidden| hidden.0.clone()),
            activation: self.activation.map(Into::into),
            residual: self.residual,
            init: self.init.map(Into::into),
            optimizer: self.optimizer.map(Into::into),
            learning_rate: match self.learning_rate {
                Some(LearningRate::Fixed(rate)) => Some(rate),
                // The preset's is a beginning, until the rate is found.
                Some(LearningRate::Auto) | None => None,
            },
            schedule: self.schedule.map(Into::into),
            batch: self.batch,
            draw: self.draw.map(Into::into),
            steps: self.steps,
            epochs: self.epochs,
            weight_decay: self.weight_decay,
            dropout: self.dropout,
            batch_norm: self.batch_norm,
            label_smoothing: self.label_smoothing,
            averaging: self.averaging,
            patience: self.patience,
            target_loss: self.target_loss,
            evaluate_every: self.evaluate_every,
            portable: self.portable,
            seed: self.seed.to_string(),
            no_names: self.no_names,
        }
    }

    /// The same run with this number of steps.
    pub fn with_steps(&self, steps: u64) -> Self {
        TrainArgs {
            steps: Some(steps),
            epochs: None,
            ..self.clone()
        }
    }
}

/// Widths of hidden layers; a type of its own because an empty list is meant as one.
#[derive(Clone, Debug)]
pub struct Hidden(pub Vec<usize>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FamilyName {
    /// The lecture's, of any depth
    Network,
    /// Interpolated modified Kneser–Ney: counting alone
    KneserNey,
    /// Networks and counts, weighted on val
    Mixture,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OptimizerName {
    Sgd,
    Adamw,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LearningRate {
    Auto,
    Fixed(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DrawName {
    /// Contexts with all their counts, drawn in proportion to them
    Contexts,
    /// Single windows, drawn uniformly
    Windows,
    /// Contexts in shuffled passes through all of them, frequent ones split up
    Passes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ActivationName {
    Tanh,
    Relu,
    Gelu,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InitName {
    /// Scaled so that the first loss is near ln V
    Kaiming,
    /// Everything from N(0, 1), as in part 2: the first loss is near 27
    Lecture,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScheduleName {
    Constant,
    /// A tenth from half of the steps on
    Step,
    /// Warm-up, then half a cosine down to 1 %
    Cosine,
}

impl From<FamilyName> for recipe::Family {
    fn from(name: FamilyName) -> Self {
        match name {
            FamilyName::Network => recipe::Family::Network,
            FamilyName::KneserNey => recipe::Family::KneserNey,
            FamilyName::Mixture => recipe::Family::Mixture,
        }
    }
}

impl From<OptimizerName> for recipe::OptimizerName {
    fn from(name: OptimizerName) -> Self {
        match name {
            OptimizerName::Sgd => recipe::OptimizerName::Sgd,
            OptimizerName::Adamw => recipe::OptimizerName::Adamw,
        }
    }
}

impl From<DrawName> for recipe::Draw {
    fn from(name: DrawName) -> Self {
        match name {
            DrawName::Contexts => recipe::Draw::Contexts,
            DrawName::Windows => recipe::Draw::Windows,
            DrawName::Passes => recipe::Draw::Passes,
        }
    }
}

impl From<ActivationName> for Activation {
    fn from(name: ActivationName) -> Self {
        match name {
            ActivationName::Tanh => Activation::Tanh,
            ActivationName::Relu => Activation::Relu,
            ActivationName::Gelu => Activation::Gelu,
        }
    }
}

impl From<InitName> for Init {
    fn from(name: InitName) -> Self {
        match name {
            InitName::Kaiming => Init::Kaiming,
            InitName::Lecture => Init::Lecture,
        }
    }
}

impl From<ScheduleName> for Schedule {
    fn from(name: ScheduleName) -> Self {
        match name {
            ScheduleName::Constant => Schedule::Constant,
            ScheduleName::Step => Schedule::Step,
            ScheduleName::Cosine => Schedule::Cosine,
        }
    }
}

fn parse_hidden(text: &str) -> Result<Hidden, String> {
    if text == "none" {
        return Ok(Hidden(Vec::new()));
    }
    let widths: Result<Vec<usize>, _> = text.split(',').map(|width| width.trim().parse()).collect();
    widths
        .map(Hidden)
        .map_err(|_| "it is not widths such as 200 or 256,128, or `none`".into())
}

fn parse_learning_rate(text: &str) -> Result<LearningRate, String> {
    if text == "auto" {
        return Ok(LearningRate::Auto);
    }
    text.parse()
        .map(LearningRate::Fixed)
        .map_err(|_| "it is neither `auto` nor a number".into())
}

fn parse_batch(text: &str) -> Result<recipe::BatchSize, String> {
    if text == "full" {
        return Ok(recipe::BatchSize::Full(recipe::Full::Full));
    }
    text.parse()
        .map(recipe::BatchSize::Rows)
        .map_err(|_| "it is neither `full` nor a whole number".into())
}
