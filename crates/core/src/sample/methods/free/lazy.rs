//! Free draws for any context length: contexts are evaluated when chains reach them, all new ones together.

use std::ops::Range;

use crate::executor::Executor;
use crate::rng::Stream;
use crate::sample::batch::Batch;
use crate::sample::conditions::Filter;
use crate::sample::contexts::{Contexts, Keep};
use crate::sample::methods::free::chains::{ATTEMPTS, Accepted, CHAINS};
use crate::sample::source::Source;
use crate::text::{END, Token};

/// Memory limit for contexts, in bytes. Beyond it all are forgotten, which only costs time.
const MEMORY: usize = 256 << 20;

/// Chains of a shard.
const SHARD: usize = 128;

/// Names whose log-probabilities are computed together.
const SCORED: usize = 4096;

/// A walker over interned contexts.
pub(crate) struct Lazy<'a> {
    pub(crate) contexts: Contexts<'a>,
    memory: usize,
}

/// One chain.
struct Chain {
    /// The token that leads to a context that is not interned yet.
    leaves_by: Option<Token>,
    is_done: bool,
    /// Its block among those of the walk, and its place in the block.
    block: usize,
    lane: usize,
    context: u32,
    attempts: usize,
    kept: usize,
    /// The accepted names and the prefix of the next one.
    tokens: Vec<Token>,
    /// Where that prefix starts.
    start: usize,
}

impl<'a> Lazy<'a> {
    pub(crate) fn new(source: Source<'a>) -> Self {
        let keep = Keep {
            tables: true,
            ..Keep::default()
        };
        Lazy {
            contexts: Contexts::new(source, keep),
            memory: MEMORY,
        }
    }

    /// The accepted names of some chains, in the order of the chains. A chain also ends as soon as it has as
    /// many names as are wanted.
    pub(crate) fn walk(
        &mut self,
        stream: &Stream,
        chains: Range<u64>,
        wanted: usize,
        filter: &Filter,
        executor: &dyn Executor,
    ) -> Accepted {
        let first_block = chains.start / CHAINS as u64;
        let last_block = (chains.end - 1) / CHAINS as u64;
        let mut streams: Vec<Stream> = (first_block..=last_block)
            .map(|index| stream.at(index))
            .collect();
        let mut words = vec![[0; CHAINS]; streams.len()];
        let mut open: Vec<Chain> = chains.map(|chain| Chain::new(chain, first_block)).collect();
        let mut done = Vec::with_capacity(open.len());
        while !open.is_empty() {
            if self.is_full() {
                self.contexts
                    .forget_but(open.iter_mut().map(|chain| &mut chain.context));
            }
            self.contexts.evaluate(executor);
            for (stream, words) in streams.iter_mut().zip(&mut words) {
                stream.fill(words);
            }
            let contexts = &self.contexts;
            let mut shards: Vec<&mut [Chain]> = open.chunks_mut(SHARD).collect();
            executor.for_each(&mut shards, |_, shard| {
                for chain in shard.iter_mut() {
                    chain.step(words[chain.block][chain.lane], contexts, wanted, filter);
                }
            });
            for chain in &mut open {
                if let Some(token) = chain.leaves_by.take() {
                    chain.context = self.contexts.after(chain.context, token);
                }
            }
            done.extend(open.extract_if(.., |chain| chain.is_done));
        }
        done.sort_by_key(|chain| (chain.block, chain.lane));
        let mut accepted = Accepted::default();
        for chain in &done {
            accepted.attempts += chain.attempts as u64;
            accepted.batch.names += chain.kept;
            accepted.batch.tokens.extend_from_slice(&chain.tokens);
        }
        accepted
    }

    /// Computes the log-probabilities of the names.
    pub(crate) fn score(&mut self, batch: &mut Batch, executor: &dyn Executor) {
        let names: Vec<&[Token]> = batch.names().collect();
        let mut log_probs = Vec::with_capacity(names.len());
        for names in names.chunks(SCORED) {
            if self.is_full() {
                self.contexts.forget();
            }
            // The draws have interned most of these contexts.
            for name in names {
                name.iter()
                    .fold(0, |context, &token| self.contexts.after(context, token));
            }
            self.contexts.evaluate(executor);
            log_probs.extend(names.iter().map(|name| self.contexts.log_prob(name)));
        }
        batch.log_probs = log_probs;
    }

    fn is_full(&self) -> bool {
        self.contexts.len() * self.contexts.bytes_each() > self.memory
    }
}

impl Chain {
    fn new(chain: u64, first_block: u64) -> Self {
        Chain {
            leaves_by: None,
            is_done: false,
            block: (chain / CHAINS as u64 - first_block) as usize,
            lane: (chain % CHAINS as u64) as usize,
            context: 0,
            attempts: 0,
            kept: 0,
            tokens: Vec::new(),
            start: 0,
        }
    }

    /// Draws a token and moves to the next context if that is interned.
    fn step(&mut self, word: u32, contexts: &Contexts<'_>, wanted: usize, filter: &Filter) {
        let token = contexts.slots.draw(contexts.table(self.context), word);
        if token != END {
            self.tokens.push(token);
            if self.tokens.len() - self.start <= filter.max_length() {
                match contexts.known_after(self.context, token) {
                    Some(known) => self.context = known,
                    None => self.leaves_by = Some(token),
                }
                return;
            }
        }
        self.attempts += 1;
        if token == END && filter.fits(&self.tokens[self.start..]) {
            self.kept += 1;
            self.tokens.push(END);
        } else {
            self.tokens.truncate(self.start);
        }
        self.start = self.tokens.len();
        self.context = 0;
        self.is_done = self.attempts >= ATTEMPTS || self.kept >= wanted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LanguageModel;
    use crate::counts::KneserNey;
    use crate::data::{CountedWindows, NameList};
    use crate::executor::Serial;
    use crate::rng::{Purpose, Seed};
    use crate::sample::conditions::Conditions;
    use crate::sample::config::SampleConfig;
    use crate::text::{Start, Vocab};

    /// Contexts that are forgotten during draws are evaluated again, and the names stay the same.
    #[test]
    fn little_memory_gives_the_same_names() {
        let vocab = Vocab::az();
        let list = NameList::from_names(
            ["asha", "usha", "nisha", "ashish", "shanta"].map(|name| (name, 1)),
        );
        let table = CountedWindows::from_list(&list, &vocab, 4).unwrap();
        let model = KneserNey::closed_form(&table).unwrap();
        let conditions = Conditions {
            max_length: 12,
            ..Conditions::default()
        };
        let filter = Filter::new(&conditions, &[], &vocab).unwrap();
        let stream = Seed::from(1).stream(Purpose::Sample, 0);
        let walk = |memory| {
            let mut lazy = Lazy::new(Source {
                model: &model,
                start: model.start(&Start::default()),
                config: SampleConfig::default(),
            });
            lazy.memory = memory;
            lazy.contexts.keep_log_probs();
            let mut accepted = lazy.walk(&stream, 3..37, usize::MAX, &filter, &Serial);
            lazy.score(&mut accepted.batch, &Serial);
            let evaluations = lazy.contexts.evaluations;
            (accepted.batch, accepted.attempts, evaluations)
        };
        let (expected, attempts, evaluations) = walk(MEMORY);
        assert!(
            attempts == 34 * ATTEMPTS as u64 && expected.len() > 800,
            "{}",
            expected.len()
        );
        let (names, again, more) = walk(10_000);
        assert_eq!((names, again), (expected, attempts));
        assert!(more > evaluations, "nothing was forgotten");
    }
}
