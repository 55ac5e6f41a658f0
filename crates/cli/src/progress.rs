//! What the user sees while a network is trained or a name is searched for, and when training stops.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use nextchar::sample::Waiting;
use nextchar::train::{Evaluation, Observer, TrainConfig, TrainState, Trained};
use nextchar::{Stage, Watch};

use crate::checkpoint::Keeper;
use crate::output::{count, note, plural};
use crate::signals::{self, interrupted};

/// A progress bar with a length and a template.
pub fn styled_bar(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the template is valid");
    ProgressBar::new(length).with_style(style)
}

/// What a terminal shows while no name comes.
pub struct Search {
    bar: ProgressBar,
    /// What is tried without success: draws, or prefixes.
    attempts: &'static str,
}

impl Search {
    /// Nothing is shown before this.
    const PATIENCE: Duration = Duration::from_millis(500);

    pub fn new(attempts: &'static str) -> Self {
        let bar = styled_bar(0, "{spinner} {elapsed}  {msg}");
        Search { bar, attempts }
    }

    /// Shows how far a search has come, and nothing while names come.
    pub fn show(&self, waiting: Waiting) {
        let Waiting { found, failed } = waiting;
        if failed == 0 {
            return self.clear();
        }
        if self.bar.is_finished() {
            self.bar.reset();
        }
        if self.bar.elapsed() > Self::PATIENCE {
            let (found, failed) = (plural(found, "name"), count(failed));
            let attempts = self.attempts;
            self.bar
                .set_message(format!("{found} found, {failed} {attempts} since"));
        }
    }

    /// Takes it off the terminal.
    pub fn clear(&self) {
        if !self.bar.is_finished() {
            self.bar.finish_and_clear();
        }
    }
}

/// Number of loss lines that are printed in a run, besides the first and the last.
const LINES: u64 = 10;

/// A progress bar on a terminal, and about ten lines of losses everywhere.
struct Progress<'a> {
    bar: ProgressBar,
    /// Saves the state at intervals, and before a stop that the user requested.
    keeper: Option<&'a RefCell<Keeper>>,
    stopped: bool,
    quiet: bool,
    steps: u64,
    stop_after: u64,
    deadline: Option<Instant>,
    /// Time in steps, without validation passes; and when the last of either ended.
    stepping: Duration,
    last: Instant,
    /// Evaluations between two printed lines.
    stride: u64,
    seen: u64,
}

impl<'a> Progress<'a> {
    /// Prepares the bar and catches Ctrl-C; a quiet one shows nothing.
    fn new(
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

    /// Removes the bar; returns the seconds in steps, without those in validation passes.
    fn finish(self) -> f64 {
        self.bar.finish_and_clear();
        self.stepping.as_secs_f64()
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

/// Watches a whole training: a bar for each of its networks, and its checkpoints.
pub struct Watcher<'a> {
    stop_after: Option<u64>,
    deadline: Option<Instant>,
    keeper: Option<&'a RefCell<Keeper>>,
    quiet: bool,
    bar: Option<Progress<'a>>,
    step_seconds: f64,
    refit_seconds: f64,
}

impl<'a> Watcher<'a> {
    /// Shows the progress, and saves checkpoints.
    pub fn new(
        stop_after: Option<u64>,
        deadline: Option<Instant>,
        keeper: Option<&'a RefCell<Keeper>>,
    ) -> Self {
        Watcher {
            stop_after,
            deadline,
            keeper,
            quiet: false,
            bar: None,
            step_seconds: 0.0,
            refit_seconds: 0.0,
        }
    }

    /// Shows nothing; Ctrl-C and the deadline end the training.
    pub fn quiet(deadline: Option<Instant>) -> Self {
        Watcher {
            quiet: true,
            ..Watcher::new(None, deadline, None)
        }
    }

    /// Seconds in steps, of all networks.
    pub fn step_seconds(&self) -> f64 {
        self.step_seconds
    }

    /// Seconds in the steps that repeat the training on all names.
    pub fn refit_seconds(&self) -> f64 {
        self.refit_seconds
    }

    fn bar(&mut self) -> &mut Progress<'a> {
        self.bar.as_mut().expect("a network has begun")
    }
}

impl Watch for Watcher<'_> {
    fn begins(&mut self, stage: &Stage<'_>) {
        let kind = if stage.is_student {
            "student"
        } else {
            "network"
        };
        if stage.is_refit && stage.number == 1 {
            anstream::eprintln!("\nthe same once more on all names, held-out ones too");
        }
        if stage.of > 1 && !stage.is_refit {
            anstream::eprintln!("{kind} {} of {}", stage.number, stage.of);
        }
        let keeper = self.keeper.filter(|_| !stage.is_refit);
        self.bar = Some(Progress::new(
            stage.config,
            self.stop_after.filter(|_| !stage.is_refit),
            self.deadline,
            keeper,
            self.quiet || stage.is_refit,
        ));
    }

    fn finished_before(&mut self, place: usize) -> Option<Trained> {
        self.keeper?.borrow().finished(place)
    }

    fn begun_before(&mut self, place: usize) -> Option<TrainState> {
        self.keeper?.borrow_mut().state(place)
    }

    fn learnt(&mut self, trained: &Trained) {
        self.step_seconds += self.bar.take().map_or(0.0, Progress::finish);
        let said = self
            .keeper
            .and_then(|keeper| keeper.borrow_mut().finish(trained));
        if let Some(said) = said {
            note(&said);
        }
    }

    fn relearnt(&mut self) {
        self.refit_seconds += self.bar.take().map_or(0.0, Progress::finish);
    }

    fn is_out_of_time(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    fn teacher_answered(&mut self, contexts: usize) {
        anstream::eprintln!("student, learning from {} contexts", count(contexts as u64));
    }

    fn is_cancelled(&self) -> bool {
        interrupted()
    }
}

impl Observer for Watcher<'_> {
    fn step(&mut self, steps_done: u64) -> ControlFlow<()> {
        self.bar().step(steps_done)
    }

    fn between_steps(&mut self, steps_done: u64, state: &dyn Fn() -> TrainState) {
        self.bar().between_steps(steps_done, state);
    }

    fn evaluated(&mut self, at: &Evaluation) -> ControlFlow<()> {
        self.bar().evaluated(at)
    }
}
