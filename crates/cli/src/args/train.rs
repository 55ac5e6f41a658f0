//! The options of `train`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use nextchar::model::{Activation, Init};
use nextchar::rng::Seed;
use nextchar::train::Schedule;
use nextchar::{
    BatchSize, Draw, Family, LearningRate, OptimizerName, Preset, Tokens, TrainOptions, Widths,
};
use nextchar_kernels::InstructionSet;

use super::CorpusArgs;
use crate::failure::Failure;

use super::values::{at_least, choice, integer, number, some_time, threads, time};

#[derive(Args, Clone, Debug)]
pub struct TrainArgs {
    #[command(flatten)]
    pub corpus: CorpusArgs,

    /// Counted windows (Parquet: context, next, count) instead of DATA; the counts of several files are added
    #[arg(long, value_name = "FILE", help_heading = "Data", conflicts_with_all = ["data", "val",
        "test", "column", "weights", "filter", "strict", "min_length", "max_length",
        "keep_duplicates", "split", "split_seed"])]
    pub counts: Vec<PathBuf>,
    /// Counted windows for choosing the best step
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub val_counts: Vec<PathBuf>,
    /// Counted windows for reporting the loss
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub test_counts: Vec<PathBuf>,

    /// Kind of model: a network, counts alone, or a mixture of both [default: the preset's]
    #[arg(long, value_parser = choice::<Family>(), help_heading = "Model")]
    pub family: Option<Family>,
    /// Context length of the counts [default: the best on val, at most 6]
    #[arg(long, value_name = "N", help_heading = "Model", value_parser = at_least::<usize>(1))]
    pub counts_context: Option<usize>,
    /// Number of networks to average, each with its own seed
    #[arg(long, value_name = "N", help_heading = "Model", value_parser = integer::<u32>(1..=100))]
    pub networks: Option<u32>,
    /// Repeat whole names of the list as often as its duplicates suggest (Good–Turing); needs
    /// --keep-duplicates or --weights
    #[arg(long, conflicts_with_all = ["counts", "no_names"], help_heading = "Model")]
    pub good_turing: bool,
    /// Train one network on the combined predictions of the networks and counts
    #[arg(long, help_heading = "Model")]
    pub distill: bool,
    /// Train the networks on the predictions of this model, on the list and on names that it generates
    #[arg(
        long,
        value_name = "MODEL",
        help_heading = "Model",
        conflicts_with = "distill"
    )]
    pub teacher: Option<PathBuf>,
    /// A set of options; options that are given explicitly override it
    #[arg(long, default_value = "fast", help_heading = "Model", value_parser = choice::<Preset>())]
    pub preset: Preset,
    /// Context length, in characters
    #[arg(long, value_name = "N", help_heading = "Model", value_parser = at_least::<usize>(1))]
    pub context: Option<usize>,
    /// Width of a character's embedding
    #[arg(long, value_name = "N", help_heading = "Model", value_parser = at_least::<usize>(1))]
    pub embedding: Option<usize>,
    /// Widths of the hidden layers, such as 200 or 256,128; `none` for no hidden layer
    #[arg(long, value_name = "N,…", help_heading = "Model")]
    pub hidden: Option<Widths>,
    /// Nonlinearity of the hidden layers
    #[arg(long, value_parser = choice::<Activation>(), help_heading = "Model")]
    pub activation: Option<Activation>,
    /// Add a hidden layer's input to its output if both have the same width
    #[arg(long, help_heading = "Model")]
    pub residual: bool,
    /// How the parameters are initialised
    #[arg(long, value_parser = choice::<Init>(), help_heading = "Model")]
    pub init: Option<Init>,

    /// How a gradient becomes a step
    #[arg(long, value_parser = choice::<OptimizerName>(), help_heading = "Training")]
    pub optimizer: Option<OptimizerName>,
    /// Learning rate, before the schedule is applied; `auto` finds one in 300 steps with growing rates
    #[arg(
        long,
        value_name = "X|auto",
        allow_negative_numbers = true,
        help_heading = "Training"
    )]
    pub learning_rate: Option<LearningRate>,
    /// How the learning rate changes during training
    #[arg(long, value_parser = choice::<Schedule>(), help_heading = "Training")]
    pub schedule: Option<Schedule>,
    /// Rows per step: all of them, or N
    #[arg(long, value_name = "full|N", help_heading = "Training")]
    pub batch: Option<BatchSize>,
    /// What the rows of a batch are
    #[arg(long, value_parser = choice::<Draw>(), help_heading = "Training")]
    pub draw: Option<Draw>,
    /// Number of steps
    #[arg(long, value_name = "N", help_heading = "Training", conflicts_with = "epochs",
        value_parser = at_least::<u64>(1))]
    pub steps: Option<u64>,
    /// Number of passes over the contexts (or windows), instead of --steps
    #[arg(long, value_name = "N", help_heading = "Training", value_parser = at_least::<u64>(1))]
    pub epochs: Option<u64>,
    /// Decoupled weight decay (adamw only)
    #[arg(long, value_name = "X", help_heading = "Training", value_parser = number)]
    pub weight_decay: Option<f64>,
    /// Probability that a step drops a hidden unit
    #[arg(long, value_name = "X", help_heading = "Training", value_parser = number)]
    pub dropout: Option<f64>,
    /// Normalise the hidden layers' preactivations during training; the saved network is a plain one
    #[arg(long, help_heading = "Training")]
    pub batch_norm: bool,
    /// Share of every label that is spread evenly over all characters, such as 0.05
    #[arg(long, value_name = "X", help_heading = "Training", value_parser = number)]
    pub label_smoothing: Option<f64>,
    /// Save a running average of the weights, of which each step keeps this share, such as 0.99
    #[arg(long, value_name = "X", help_heading = "Training", value_parser = number)]
    pub averaging: Option<f64>,
    /// Stop after this many validation passes without an improvement (a run has about fifty)
    #[arg(long, value_name = "N", help_heading = "Training", value_parser = at_least::<u64>(1))]
    pub patience: Option<u64>,
    /// Stop once the loss on val is at most X
    #[arg(long, value_name = "X", help_heading = "Training", value_parser = number)]
    pub target_loss: Option<f64>,
    /// Steps between two validation passes [default: a fiftieth of the run]
    #[arg(long, value_name = "N", help_heading = "Training", value_parser = at_least::<u64>(1))]
    pub evaluate_every: Option<u64>,
    /// Train for this long, such as 2s or 5m; the number of steps and the schedule are chosen to fit
    #[arg(long, value_name = "TIME", value_parser = some_time, allow_hyphen_values = true,
        conflicts_with_all = ["steps", "epochs", "distill", "teacher"], help_heading = "Training")]
    pub time: Option<std::time::Duration>,
    /// Compute as the browser playground does (no fused multiply-add): the same bits there and here, a
    /// little slower
    #[arg(long, help_heading = "Training")]
    pub portable: bool,
    /// Number of threads; the result does not depend on it [default: one per processor]
    #[arg(long, value_name = "N", help_heading = "Training", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
    /// Force these vector instructions: portable, sse2, avx2, avx512 or neon; the result does not depend on it
    #[arg(long, env = "NEXTCHAR_INSTRUCTIONS", hide = true)]
    pub instructions: Option<InstructionSet>,
    /// Stop after this step of the planned run, as Ctrl-C would
    #[arg(long, value_name = "N", help_heading = "Training", value_parser = at_least::<u64>(1))]
    pub stop_after: Option<u64>,
    /// Save the training's state to FILE every so often, so that --resume can continue it; deleted once
    /// the model is saved
    #[arg(long, value_name = "FILE", help_heading = "Training")]
    pub checkpoint: Option<PathBuf>,
    /// Time between two checkpoints
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time, help_heading = "Training",
        allow_hyphen_values = true)]
    pub checkpoint_every: std::time::Duration,
    /// Resume the training of this checkpoint; its options need not be repeated
    #[arg(long, value_name = "FILE", help_heading = "Training")]
    pub resume: Option<PathBuf>,
    /// Seed of the initial parameters, the batches and the ten names: a number or any text
    #[arg(
        long,
        value_name = "SEED",
        default_value = "42",
        help_heading = "Training",
        allow_hyphen_values = true
    )]
    pub seed: Seed,

    /// The model file to write
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
    /// Do not save the names in the model file (`generate --novel` cannot be used with it)
    #[arg(long, help_heading = "Output")]
    pub no_names: bool,
    /// Save the model whose losses are reported, instead of one that has learned the held-out names, too
    /// [default with the presets lecture, part2 and kaiming, and with --val, --test, --counts, --teacher and --distill]
    #[arg(long, help_heading = "Output")]
    pub no_refit: bool,
    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

impl TrainArgs {
    /// The options that determine the result, as every front end gives them.
    pub fn options(&self) -> TrainOptions {
        TrainOptions {
            preset: self.preset,
            family: self.family,
            counts_context: self.counts_context,
            networks: self.networks,
            distill: self.distill,
            good_turing: self.good_turing,
            context: self.context,
            embedding: self.embedding,
            hidden: self.hidden.clone(),
            activation: self.activation,
            residual: self.residual,
            init: self.init,
            optimizer: self.optimizer,
            learning_rate: self.learning_rate,
            schedule: self.schedule,
            batch: self.batch,
            draw: self.draw,
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
            seed: self.seed.clone(),
            no_names: self.no_names,
            no_refit: self.no_refit,
        }
    }

    /// Rejects, before any work, invalid options and options without an effect.
    pub fn check(&self) -> Result<(), Failure> {
        let options = self.options();
        options.validate()?;
        if !self.counts.is_empty() && self.corpus.tokens != Tokens::Characters {
            return Err(Failure::misuse(format!(
                "--tokens {}: --counts are counts of characters",
                self.corpus.tokens
            )));
        }
        let of_networks = [
            ("--teacher", self.teacher.is_some()),
            ("--time", self.time.is_some()),
            ("--checkpoint", self.checkpoint.is_some()),
            ("--stop-after", self.stop_after.is_some()),
        ];
        let given = of_networks.into_iter().find(|(_, given)| *given);
        match given {
            Some((flag, _)) if options.resolved().family == Some(Family::KneserNey) => Err(
                Failure::misuse(format!("{flag} has no effect in a model that only counts")),
            ),
            _ => Ok(()),
        }
    }
}
