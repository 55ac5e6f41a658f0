//! Rejection sampling from the unconditioned model.
//!
//! Names come from chains. A chain walks over contexts and restarts after every end mark. Sixteen chains form
//! a block and share a stream of random words, in which the word of every step and chain has a fixed place.
//! So the output does not depend on the walker: [`Table`] advances whole blocks through precomputed tables;
//! [`Lazy`] advances individual chains and evaluates contexts on demand. Rejecting the names that do not
//! satisfy the conditions gives the exact conditional distribution. A chain ends after a fixed number of
//! attempts, not of names, so that short names are not favoured. Without replacement, names that were drawn
//! before are rejected too, which leaves the proportions of the others unchanged.

use std::ops::Range;

use crate::executor::Executor;
use crate::sample::batch::Batch;
use crate::sample::conditions::Filter;
use crate::sample::methods::Draws;
use crate::sample::methods::free::chains::{ATTEMPTS, Accepted, CHAINS};
use crate::sample::methods::free::lazy::Lazy;
use crate::sample::methods::free::seen::Seen;
use crate::sample::methods::free::table::Table;
use crate::sample::probability::Probability;
use crate::sample::source::Setup;

/// From this number of names on, tables of all contexts pay, if there are few enough contexts.
const MANY: usize = 10_000;
/// The first chains show whether free draws pay: this fraction of their attempts must be accepted.
const PILOT_CHAINS: u64 = 2;
const PILOT_SHARE: f64 = 0.25;
/// Without replacement, the fraction of attempts that must still give a new name.
const NEW_SHARE: f64 = 1.0 / 32.0;
/// The maximum number of chains per draw is the number of chains before it, within these bounds: the first
/// names come soon, and later threads rarely wait for each other.
const FEW: u64 = 1024;
const MANY_CHAINS: u64 = 4096;

/// How chains are advanced.
enum Walker<'a> {
    Lazy(Box<Lazy<'a>>),
    Table(Box<Table<'a>>),
}

/// Free draws and their results so far. The stream of a block has the block's number as its index.
pub(crate) struct Free<'a> {
    setup: Setup<'a>,
    filter: Filter,
    walker: Walker<'a>,
    next_chain: u64,
    attempts: u64,
    kept: u64,
    /// The names drawn so far, without replacement.
    seen: Option<Seen>,
    /// Attempts and new names at the last [check](Free::check).
    checked: (u64, u64),
    pays: bool,
}

impl<'a> Free<'a> {
    pub(crate) fn new(setup: Setup<'a>, filter: Filter) -> Self {
        Free {
            filter,
            walker: Walker::Lazy(Box::new(Lazy::new(setup.source))),
            next_chain: 0,
            attempts: 0,
            kept: 0,
            seen: setup.unique.then(Seen::default),
            checked: (0, 0),
            pays: true,
            setup,
        }
    }

    /// Free draws after these attempts, none of which gave a name. They stay, whether they pay or not.
    pub(crate) fn resumed(setup: Setup<'a>, filter: Filter, attempts: u64) -> Self {
        Free {
            next_chain: PILOT_CHAINS,
            attempts,
            ..Free::new(setup, filter)
        }
    }

    /// Whether rejection is fast enough: the first chains decide, and without replacement all later ones
    /// too. Their names are valid in any case, because what is accepted does not depend on how much is
    /// rejected.
    pub(crate) fn pays(&self) -> bool {
        self.pays
    }

    /// Number of accepted names, new or not.
    pub(crate) fn kept(&self) -> u64 {
        self.kept
    }

    /// The conditions, for another method, and the names that it must not draw again.
    pub(crate) fn into_parts(self) -> (Filter, Seen) {
        (self.filter, self.seen.unwrap_or_default())
    }

    /// The chain before which the next [check](Free::check) takes place. It does not depend on how many names
    /// are wanted. No draw goes beyond it.
    fn next_check(&self) -> u64 {
        match self.next_chain {
            chain if chain < PILOT_CHAINS => PILOT_CHAINS,
            chain if self.seen.is_none() => chain + chain.clamp(FEW, MANY_CHAINS),
            chain if chain < MANY_CHAINS => (chain + 1).next_power_of_two().max(CHAINS as u64),
            chain => (chain / MANY_CHAINS + 1) * MANY_CHAINS,
        }
    }

    /// Decides whether free draws still pay.
    fn check(&mut self) {
        let new = match &self.seen {
            Some(seen) => seen.len() as u64,
            None => self.kept,
        };
        let attempts = self.attempts - self.checked.0;
        let gained = new - self.checked.1;
        let least = match self.next_chain {
            PILOT_CHAINS => PILOT_SHARE,
            _ if self.seen.is_none() => return,
            _ => NEW_SHARE,
        };
        self.pays = gained as f64 >= least * attempts as f64;
        self.checked = (self.attempts, new);
    }

    /// Changes over to tables of all contexts if many names are wanted.
    fn choose_walker(&mut self, wanted: usize) {
        if let Walker::Lazy(lazy) = &mut self.walker
            && self.next_chain == PILOT_CHAINS
            && wanted >= MANY
            && let Some(mut table) = Table::new(self.setup.source)
        {
            table.evaluations = lazy.contexts.evaluations;
            self.walker = Walker::Table(Box::new(table));
        }
    }

    /// The number of chains that give as many names as are wanted if the fraction accepted stays as it was; few if
    /// no name was accepted yet, so that the caller is soon asked whether to go on.
    fn chains_for(&self, wanted: usize) -> u64 {
        if self.kept == 0 && self.attempts > 0 {
            return FEW;
        }
        let share = self.kept.max(1) as f64 / self.attempts.max(1) as f64;
        let chains = (wanted as f64 / (ATTEMPTS as f64 * share)).ceil() as u64;
        chains.max(1)
    }

    /// Advances some chains to their ends; tables advance whole blocks.
    fn walk(
        &mut self,
        chains: Range<u64>,
        wanted: usize,
        log_probs: bool,
        executor: &dyn Executor,
    ) -> Vec<Accepted> {
        let stream = &self.setup.stream;
        match &mut self.walker {
            Walker::Lazy(lazy) => {
                if log_probs {
                    lazy.contexts.keep_log_probs();
                }
                self.next_chain = chains.end;
                let mut accepted = lazy.walk(stream, chains, wanted, &self.filter, executor);
                if log_probs {
                    lazy.score(&mut accepted.batch, executor);
                }
                vec![accepted]
            }
            Walker::Table(table) => {
                let blocks = chains.end.div_ceil(CHAINS as u64);
                self.next_chain = blocks * CHAINS as u64;
                let chains = chains.start..self.next_chain;
                table.walk(stream, chains, log_probs, &self.filter, executor)
            }
        }
    }
}

impl Draws for Free<'_> {
    fn draw(&mut self, wanted: usize, log_probs: bool, executor: &dyn Executor) -> Vec<Batch> {
        self.choose_walker(wanted);
        let next_check = self.next_check();
        let end = next_check.min(self.next_chain + self.chains_for(wanted));
        // Without replacement, chains run to their ends: which of their names are new is not known yet.
        let most = if self.seen.is_some() {
            usize::MAX
        } else {
            wanted
        };
        let accepted = self.walk(self.next_chain..end, most, log_probs, executor);
        let mut batches = Vec::with_capacity(accepted.len());
        for Accepted { batch, attempts } in accepted {
            self.attempts += attempts;
            self.kept += batch.len() as u64;
            batches.push(match &mut self.seen {
                Some(seen) => seen.insert_new(&batch),
                None => batch,
            });
        }
        if self.next_chain == next_check {
            self.check();
        }
        batches
    }

    /// The first chains count to their ends, even if fewer names were wanted: a count that stops at an
    /// accepted name would be biased towards it.
    fn probability(&mut self, executor: &dyn Executor) -> Probability {
        match &mut self.walker {
            Walker::Lazy(lazy) if self.attempts < PILOT_CHAINS * ATTEMPTS as u64 => {
                let (stream, chains) = (&self.setup.stream, 0..PILOT_CHAINS);
                let pilot = lazy.walk(stream, chains, usize::MAX, &self.filter, executor);
                Probability::of_draws(pilot.batch.len() as u64, pilot.attempts)
            }
            _ => Probability::of_draws(self.kept, self.attempts),
        }
    }

    fn attempts(&self) -> u64 {
        self.attempts
    }

    fn evaluations(&self) -> u64 {
        match &self.walker {
            Walker::Lazy(lazy) => lazy.contexts.evaluations,
            Walker::Table(table) => table.evaluations,
        }
    }

    /// Free draws do not notice that no name is left.
    fn remaining(&self) -> f64 {
        1.0
    }
}
