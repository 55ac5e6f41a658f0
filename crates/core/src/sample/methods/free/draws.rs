//! Free draws: names of the model as it is, of which those that fit are kept.
//!
//! Names come from chains, each a walk over contexts that begins again after every end mark. Sixteen
//! chains are a block and share a stream of random words: the word of a step and chain has a fixed
//! place in it. So the names do not depend on who walks: [`Table`] takes whole blocks through tables
//! of all contexts, [`Lazy`] as many chains as are wanted through contexts that are asked for on the
//! way. What does not fit is left out, which is the exact conditional distribution; a chain ends after
//! a fixed number of attempts, not of names, so that nothing favours short ones. Without replacement
//! what was drawn before is left out too: the others keep their proportions.

use crate::executor::Executor;
use crate::rng::Stream;
use crate::sample::batch::Batch;
use crate::sample::conditions::filter::Filter;
use crate::sample::methods::free::chains::{ATTEMPTS, CHAINS};
use crate::sample::methods::free::lazy::Lazy;
use crate::sample::methods::free::seen::Seen;
use crate::sample::methods::free::table::Table;
use crate::sample::source::Source;

/// From so many names on a table of all contexts pays, where it can be had.
const MANY: usize = 10_000;
/// The first chains tell whether free draws are worth while, by the share that fits.
const PILOT_CHAINS: u64 = 2;
const PILOT_SHARE: f64 = 0.25;
/// Without replacement, the share of attempts that must still bring a new name.
const NEW_SHARE: f64 = 1.0 / 32.0;
/// Chains that are walked at a time: more, the more came before, so that the first names come soon and
/// threads meet seldom.
const FEW: u64 = 1024;
const MOST: u64 = 4096;

/// Who walks.
enum Walker<'a> {
    Lazy(Box<Lazy<'a>>),
    Table(Box<Table<'a>>),
}

/// Free draws, and what came of them so far.
pub(crate) struct Free<'a> {
    filter: Filter,
    source: Source<'a>,
    words: Stream,
    walker: Walker<'a>,
    next_chain: u64,
    pub(crate) attempts: u64,
    pub(crate) kept: u64,
    /// What came before, without replacement.
    seen: Option<Seen>,
    /// Attempts and new names, when chains were last [judged](Free::pays).
    judged: (u64, u64),
    worth_while: bool,
}

impl<'a> Free<'a> {
    /// `words` are those of the purpose; a block's have its number as their index.
    pub(crate) fn new(source: Source<'a>, filter: Filter, words: Stream, unique: bool) -> Self {
        Free {
            filter,
            source,
            words,
            walker: Walker::Lazy(Box::new(Lazy::new(source))),
            next_chain: 0,
            attempts: 0,
            kept: 0,
            seen: unique.then(Seen::default),
            judged: (0, 0),
            worth_while: true,
        }
    }

    /// Whether leaving out what does not fit is the quick way: the first chains tell, and without
    /// replacement all that follow. Their names are good in any case, for what fits does not depend on
    /// how much does not.
    pub(crate) fn pays(&self) -> bool {
        self.worth_while
    }

    /// The chain before which it is judged again whether free draws pay: fixed, whatever is wanted. No
    /// more are drawn at a time.
    fn next_judgement(&self) -> u64 {
        match self.next_chain {
            chain if chain < PILOT_CHAINS => PILOT_CHAINS,
            chain if self.seen.is_none() => chain + chain.clamp(FEW, MOST),
            chain if chain < MOST => (chain + 1).next_power_of_two().max(CHAINS as u64),
            chain => (chain / MOST + 1) * MOST,
        }
    }

    fn judge(&mut self) {
        let new = self
            .seen
            .as_ref()
            .map_or(self.kept, |seen| seen.len() as u64);
        let (attempts, brought) = (self.attempts - self.judged.0, new - self.judged.1);
        let least = match self.next_chain {
            PILOT_CHAINS => PILOT_SHARE,
            _ if self.seen.is_none() => return,
            _ => NEW_SHARE,
        };
        self.worth_while = brought as f64 >= least * attempts as f64;
        self.judged = (self.attempts, new);
    }

    /// Contexts that the model was asked for.
    pub(crate) fn evaluations(&self) -> u64 {
        match &self.walker {
            Walker::Lazy(lazy) => lazy.contexts.evaluations,
            Walker::Table(table) => table.evaluations,
        }
    }

    /// How many names fitted of how many that were drawn. Those of the first chains count to their ends, even
    /// where fewer were wanted: a count that stops at a name that fits favours it.
    pub(crate) fn counted(&mut self, executor: &dyn Executor) -> (u64, u64) {
        match &mut self.walker {
            Walker::Lazy(lazy) if self.attempts < PILOT_CHAINS * ATTEMPTS as u64 => {
                let pilot = lazy.walk(
                    &self.words,
                    0..PILOT_CHAINS,
                    usize::MAX,
                    &self.filter,
                    executor,
                );
                (pilot.batch.len() as u64, pilot.attempts)
            }
            _ => (self.kept, self.attempts),
        }
    }

    /// The conditions, for another way of drawing, and the names that it must not bring.
    pub(crate) fn into_parts(self) -> (Filter, Seen) {
        (self.filter, self.seen.unwrap_or_default())
    }

    /// The next names, at least one block's or as many as are wanted; `log_probs` if these are too.
    pub(crate) fn refill(
        &mut self,
        wanted: usize,
        log_probs: bool,
        executor: &dyn Executor,
    ) -> Vec<Batch> {
        if let Walker::Lazy(lazy) = &mut self.walker
            && self.next_chain == PILOT_CHAINS
            && wanted >= MANY
            && let Some(mut table) = Table::new(self.source)
        {
            table.evaluations = lazy.contexts.evaluations;
            self.walker = Walker::Table(Box::new(table));
        }
        // As many chains as will bring what is wanted, if they go on as they went.
        let share = self.kept.max(1) as f64 / self.attempts.max(1) as f64;
        let chains = (wanted as f64 / (ATTEMPTS as f64 * share)).ceil() as u64;
        let judgement = self.next_judgement();
        let chains = self.next_chain..judgement.min(self.next_chain + chains.max(1));
        // Chains without replacement are walked to their ends: what is new in them is not known yet.
        let most = if self.seen.is_some() {
            usize::MAX
        } else {
            wanted
        };
        let brought = match &mut self.walker {
            Walker::Lazy(lazy) => {
                if log_probs {
                    lazy.contexts.keep_log_probs();
                }
                self.next_chain = chains.end;
                let mut brought = lazy.walk(&self.words, chains, most, &self.filter, executor);
                if log_probs {
                    lazy.score(&mut brought.batch, executor);
                }
                vec![brought]
            }
            Walker::Table(table) => {
                let blocks = chains.end.div_ceil(CHAINS as u64);
                self.next_chain = blocks * CHAINS as u64;
                let chains = chains.start..self.next_chain;
                table.walk(&self.words, chains, log_probs, &self.filter, executor)
            }
        };
        for one in &brought {
            self.attempts += one.attempts;
            self.kept += one.batch.len() as u64;
        }
        let mut batches: Vec<Batch> = brought.into_iter().map(|one| one.batch).collect();
        if let Some(seen) = &mut self.seen {
            for batch in &mut batches {
                *batch = seen.new_ones(batch);
            }
        }
        if self.next_chain == judgement {
            self.judge();
        }
        batches
    }
}
