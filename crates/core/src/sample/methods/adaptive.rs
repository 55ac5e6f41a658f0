//! Free draws as long as they pay, then the dynamic program or bounds.

use crate::executor::Executor;
use crate::sample::batch::Batch;
use crate::sample::conditions::Filter;
use crate::sample::methods::Draws;
use crate::sample::methods::bounds::Bounds;
use crate::sample::methods::dynamic::DynamicProgram;
use crate::sample::methods::free::Free;
use crate::sample::probability::Probability;
use crate::sample::source::Setup;

/// A method that starts with free draws and hands over to another one.
pub(crate) struct Adaptive<'a> {
    setup: Setup<'a>,
    /// Until the handover.
    free: Option<Free<'a>>,
    /// After the handover.
    successor: Option<Box<dyn Draws + 'a>>,
    /// Evaluations by the free draws, once they are over.
    free_evaluations: u64,
}

impl<'a> Adaptive<'a> {
    pub(crate) fn new(setup: Setup<'a>, filter: Filter) -> Self {
        Adaptive {
            free: Some(Free::new(setup.clone(), filter)),
            setup,
            successor: None,
            free_evaluations: 0,
        }
    }

    fn current(&self) -> &(dyn Draws + 'a) {
        match (&self.free, &self.successor) {
            (Some(free), _) => free,
            (None, Some(successor)) => &**successor,
            (None, None) => unreachable!("free draws end where the successor starts"),
        }
    }

    fn current_mut(&mut self) -> &mut (dyn Draws + 'a) {
        match (&mut self.free, &mut self.successor) {
            (Some(free), _) => free,
            (None, Some(successor)) => &mut **successor,
            (None, None) => unreachable!("free draws end where the successor starts"),
        }
    }
}

impl Draws for Adaptive<'_> {
    fn prepare(&mut self, log_probs: bool, executor: &dyn Executor) {
        if let Some(free) = self.free.take_if(|free| !free.pays()) {
            self.free_evaluations = free.evaluations();
            self.successor = Some(hand_over(self.setup.clone(), free, log_probs, executor));
        }
    }

    fn draw(&mut self, wanted: usize, log_probs: bool, executor: &dyn Executor) -> Vec<Batch> {
        self.current_mut().draw(wanted, log_probs, executor)
    }

    fn probability(&mut self, executor: &dyn Executor) -> Probability {
        self.current_mut().probability(executor)
    }

    /// Those of the current method.
    fn attempts(&self) -> u64 {
        self.current().attempts()
    }

    fn evaluations(&self) -> u64 {
        self.free_evaluations + self.current().evaluations()
    }

    fn remaining(&self) -> f64 {
        self.current().remaining()
    }
}

/// The method that continues after free draws, without the names that they have already drawn.
fn hand_over<'a>(
    setup: Setup<'a>,
    free: Free<'a>,
    log_probs: bool,
    executor: &dyn Executor,
) -> Box<dyn Draws + 'a> {
    let (kept, attempts) = (free.kept(), free.attempts());
    let (mut filter, seen) = free.into_parts();
    // Other conditions start with free draws only because the dynamic program would be too large.
    if setup.likely {
        match DynamicProgram::new(setup.clone(), filter, log_probs, executor) {
            Ok(mut program) => {
                program.exclude(&[seen.into_batch()]);
                return Box::new(program);
            }
            Err(returned) => filter = returned,
        }
    }
    let mut bounds = Bounds::new(setup, filter);
    bounds.count_free_draws(kept, attempts);
    bounds.exclude_all(seen.names(), executor);
    Box::new(bounds)
}
