//! Free draws for any context length: contexts are asked for as chains come by, all new ones together.

use std::ops::Range;

use crate::executor::Executor;
use crate::rng::Stream;
use crate::sample::batch::Batch;
use crate::sample::conditions::filter::Filter;
use crate::sample::contexts::interner::{Contexts, Keep};
use crate::sample::methods::free::chains::{ATTEMPTS, Brought, CHAINS};
use crate::sample::source::Source;
use crate::text::{END, Token};

/// Memory for contexts, in bytes; beyond it all are forgotten, which costs time and nothing else.
const MEMORY: usize = 256 << 20;

/// Chains of a shard.
const SHARD: usize = 128;

/// Names that are scored together.
const SCORED: usize = 4096;

/// Chains over a store of contexts.
pub(crate) struct Lazy<'a> {
    pub(crate) contexts: Contexts<'a>,
    memory: usize,
}

/// One chain under way.
struct Chain {
    /// The token by which it left its context for one that is not known.
    leaves_by: Option<Token>,
    is_done: bool,
    /// Its block among those that walk, and its place there.
    block: usize,
    lane: usize,
    context: u32,
    attempts: usize,
    kept: usize,
    /// The names that it brought, and the beginning of the next.
    tokens: Vec<Token>,
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

    /// The names of some chains, in their order. A chain also ends as soon as it has all that are wanted.
    pub(crate) fn walk(
        &mut self,
        words: &Stream,
        chains: Range<u64>,
        wanted: usize,
        filter: &Filter,
        executor: &dyn Executor,
    ) -> Brought {
        let first_block = chains.start / CHAINS as u64;
        let last_block = (chains.end - 1) / CHAINS as u64;
        let mut streams: Vec<Stream> = (first_block..=last_block)
            .map(|index| words.at(index))
            .collect();
        let mut drawn = vec![[0; CHAINS]; streams.len()];
        let mut open: Vec<Chain> = chains.map(|chain| Chain::new(chain, first_block)).collect();
        let mut done = Vec::with_capacity(open.len());
        while !open.is_empty() {
            if self.is_full() {
                self.contexts
                    .forget_but(open.iter_mut().map(|chain| &mut chain.context));
            }
            self.contexts.evaluate(executor);
            for (stream, words) in streams.iter_mut().zip(&mut drawn) {
                stream.fill(words);
            }
            let contexts = &self.contexts;
            let mut shards: Vec<&mut [Chain]> = open.chunks_mut(SHARD).collect();
            executor.for_each(&mut shards, |_, shard| {
                for chain in shard.iter_mut() {
                    chain.step(drawn[chain.block][chain.lane], contexts, wanted, filter);
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
        let mut brought = Brought::default();
        for chain in &done {
            brought.attempts += chain.attempts as u64;
            brought.batch.names += chain.kept;
            brought.batch.tokens.extend_from_slice(&chain.tokens);
        }
        brought
    }

    /// Fills the names' log-probabilities in.
    pub(crate) fn score(&mut self, batch: &mut Batch, executor: &dyn Executor) {
        let names: Vec<&[Token]> = batch.names().collect();
        let mut log_probs = Vec::with_capacity(names.len());
        for names in names.chunks(SCORED) {
            if self.is_full() {
                self.contexts.forget();
            }
            // Most are known from the draws.
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

    /// Draws a token, and goes on to the next context if that is known.
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
    use crate::data::trie::Trie;
    use crate::data::{CountedWindows, NameList};
    use crate::executor::Serial;
    use crate::rng::{Purpose, Seed};
    use crate::sample::conditions::builder::Conditions;
    use crate::sample::config::SampleConfig;
    use crate::text::{Start, Vocab};

    /// Contexts that are forgotten in the middle of draws are asked for again, and nothing changes.
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
        let filter = Filter {
            reach: conditions
                .compile(&vocab)
                .unwrap()
                .reach(vocab.len())
                .unwrap(),
            excluded: Trie::default(),
        };
        let words = Seed::from(1).stream(Purpose::Sample, 0);
        let walk = |memory| {
            let mut lazy = Lazy::new(Source {
                model: &model,
                start: model.start(&Start::default()),
                config: SampleConfig::default(),
            });
            lazy.memory = memory;
            lazy.contexts.keep_log_probs();
            let mut brought = lazy.walk(&words, 3..37, usize::MAX, &filter, &Serial);
            lazy.score(&mut brought.batch, &Serial);
            (brought.batch, brought.attempts, lazy.contexts.evaluations)
        };
        let (expected, attempts, asked) = walk(MEMORY);
        assert!(
            attempts == 34 * ATTEMPTS as u64 && expected.len() > 800,
            "{}",
            expected.len()
        );
        let (names, again, more) = walk(40_000);
        assert_eq!((names, again), (expected, attempts));
        assert!(more > asked, "nothing was forgotten");
    }
}
