//! What a person sees while a network learns, and when it stops.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use nextchar::train::{Evaluation, Observer, TrainConfig, TrainState};

use crate::checkpoint::Keeper;
use crate::output::{count, note};
use crate::signals::{self, interrupted};

/// A bar of some length that looks as the template says.
pub fn styled_bar(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the template is valid");
    ProgressBar::new(length).with_style(style)
}

/// Loss lines that are printed in a run, beside the first and the last.
const LINES: u64 = 10;

/// A progress bar on a terminal, and about ten lines of falling losses anywhere.
pub struct Progress<'a> {
    bar: ProgressBar,
    /// Saves the state now and then, and before the end that a person asked for.
    keeper: Option<&'a RefCell<Keeper>>,
    stopped: bool,
    quiet: bool,
    steps: u64,
    stop_after: u64,
    deadline: Option<Instant>,
    /// Time in steps, looks at val left out; and when the last of either ended.
    stepping: Duration,
    last: Instant,
    /// Evaluations between two printed lines.
    stride: u64,
    seen: u64,
}

impl<'a> Progress<'a> {
    /// Prepares the bar and catches Ctrl-C; a quiet one shows nothing.
    pub fn new(
        config: &TrainConfig,
        stop_after: Option<u64>,
        deadline: Option<Instant>,
        keeper: Option<&'a RefCell<Keeper>>,
        quiet: bool,
    ) -> Self {
        let steps = config.steps;
        signals::catch();
        let bar = match quiet {
            true => ProgressBar::hidden(),
            false => styled_bar(
                steps,
                "{bar:30} {pos}/{len} steps, {elapsed} of {duration}  {msg}",
            ),
        };
        if !quiet {
            anstream::eprintln!(
                "{:>9}  {:>7}  {:>7}  {:>7}",
                "step",
                "epoch",
                "train",
                "val"
            );
        }
        Progress {
            keeper,
            stopped: false,
            quiet,
            bar,
            steps,
            stop_after: stop_after.unwrap_or(u64::MAX),
            deadline,
            stepping: Duration::ZERO,
            last: Instant::now(),
            stride: (steps / config.evaluate_every).div_ceil(LINES).max(1),
            seen: 0,
        }
    }

    /// Takes the bar away; says whether Ctrl-C was pressed, and the seconds in steps, looks at val
    /// left out.
    pub fn finish(self) -> (bool, f64) {
        self.bar.finish_and_clear();
        (interrupted(), self.stepping.as_secs_f64())
    }

    fn line(&self, at: &Evaluation) {
        let val = at.val_loss.map_or("-".into(), |loss| format!("{loss:.4}"));
        let line = format!(
            "{:>9}  {:>7.1}  {:>7.4}  {val:>7}",
            count(at.step),
            at.epoch,
            at.train_loss
        );
        self.bar.suspend(|| anstream::eprintln!("{line}"));
    }
}

impl Observer for Progress<'_> {
    fn step(&mut self, steps_done: u64) -> ControlFlow<()> {
        if steps_done.is_multiple_of(64) {
            self.bar.set_position(steps_done);
        }
        let now = Instant::now();
        self.stepping += now - self.last;
        self.last = now;
        let late = self.deadline.is_some_and(|end| now >= end);
        self.stopped = late || interrupted() || steps_done >= self.stop_after;
        match self.stopped {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn between_steps(&mut self, _steps_done: u64, state: &dyn Fn() -> TrainState) {
        let Some(keeper) = self.keeper else { return };
        if let Some(said) = keeper.borrow_mut().offer(self.stopped, state) {
            self.bar.suspend(|| note(&said));
        }
        self.last = Instant::now();
    }

    fn evaluated(&mut self, at: &Evaluation) -> ControlFlow<()> {
        let val = at
            .val_loss
            .map_or(String::new(), |loss| format!(", val {loss:.4}"));
        self.bar
            .set_message(format!("train {:.4}{val}", at.train_loss));
        let due = self.seen.is_multiple_of(self.stride) || at.step == self.steps;
        if due && !self.quiet {
            self.line(at);
        }
        self.seen += 1;
        self.last = Instant::now();
        ControlFlow::Continue(())
    }
}
