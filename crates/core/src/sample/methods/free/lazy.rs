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

/// Blocks of a group.
const BLOCKS: usize = 8;

/// Names whose log-probabilities are computed together.
const SCORED: usize = 4096;

/// A walker over interned contexts.
pub(crate) struct Lazy<'a> {
    pub(crate) contexts: Contexts<'a>,
    memory: usize,
}

/// Some blocks of chains, which one thread advances together.
#[derive(Default)]
struct Group {
    streams: Vec<Stream>,
    /// The random words of this step, for each block.
    words: Vec<[u32; CHAINS]>,
    open: Vec<Chain>,
    /// Of the open chains: the tokens drawn in this step, and the contexts after them if they are known.
    tokens: Vec<Token>,
    next: Vec<u32>,
    /// The places of the open chains that go on to a context that is not interned yet.
    leaving: Vec<usize>,
    done: Vec<Chain>,
}

/// One chain.
struct Chain {
    number: u64,
    is_done: bool,
    /// Its block in the group, and its place in the block.
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
        let mut groups = Group::of(stream, chains);
        while groups.iter().any(|group| !group.open.is_empty()) {
            if self.is_full() {
                let open = groups.iter_mut().flat_map(|group| &mut group.open);
                self.contexts
                    .forget_half(open.map(|chain| &mut chain.context));
            }
            self.contexts.evaluate(executor);
            let contexts = &self.contexts;
            executor.for_each(&mut groups, |_, group| group.step(contexts, wanted, filter));
            for group in &mut groups {
                for index in group.leaving.drain(..) {
                    let (chain, token) = (&mut group.open[index], group.tokens[index]);
                    chain.context = self.contexts.after(chain.context, token);
                }
                group
                    .done
                    .extend(group.open.extract_if(.., |chain| chain.is_done));
            }
        }
        let mut done: Vec<Chain> = groups.into_iter().flat_map(|group| group.done).collect();
        done.sort_by_key(|chain| chain.number);
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
                self.contexts.forget_half(std::iter::empty());
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

impl Group {
    /// The groups of some chains.
    fn of(stream: &Stream, chains: Range<u64>) -> Vec<Group> {
        let first = chains.start / CHAINS as u64;
        let mut groups: Vec<Group> = Vec::new();
        for number in chains {
            let block = (number / CHAINS as u64 - first) as usize;
            if groups.len() <= block / BLOCKS {
                groups.push(Group::default());
            }
            let group = groups.last_mut().expect("a group was pushed");
            if group.streams.len() <= block % BLOCKS {
                group.streams.push(stream.at(number / CHAINS as u64));
                group.words.push([0; CHAINS]);
            }
            group.open.push(Chain::new(number, block % BLOCKS));
        }
        groups
    }

    /// Advances every open chain by a token. The tables of all of them are read before anything depends on what was
    /// drawn, and then their edges, so that the waits for memory overlap.
    fn step(&mut self, contexts: &Contexts<'_>, wanted: usize, filter: &Filter) {
        if self.open.is_empty() {
            return;
        }
        for (stream, words) in self.streams.iter_mut().zip(&mut self.words) {
            stream.fill(words);
        }
        self.tokens.clear();
        let words = &self.words;
        self.tokens.extend(self.open.iter().map(|chain| {
            let word = words[chain.block][chain.lane];
            contexts.slots.draw(contexts.table(chain.context), word)
        }));
        self.next.clear();
        let drawn = self.open.iter().zip(&self.tokens);
        self.next
            .extend(drawn.map(|(chain, &token)| contexts.number_after(chain.context, token)));
        let drawn = self.tokens.iter().zip(&self.next);
        for (index, (chain, (&token, &next))) in self.open.iter_mut().zip(drawn).enumerate() {
            if chain.goes_on(token, wanted, filter) {
                if next == u32::MAX {
                    self.leaving.push(index);
                } else {
                    chain.context = next;
                }
            }
        }
    }
}

impl Chain {
    fn new(number: u64, block: usize) -> Self {
        Chain {
            number,
            is_done: false,
            block,
            lane: (number % CHAINS as u64) as usize,
            context: 0,
            attempts: 0,
            kept: 0,
            tokens: Vec::new(),
            start: 0,
        }
    }

    /// Whether the name goes on after a token; if not, the next one begins.
    #[inline]
    fn goes_on(&mut self, token: Token, wanted: usize, filter: &Filter) -> bool {
        if token != END {
            self.tokens.push(token);
            if self.tokens.len() - self.start <= filter.max_length() {
                return true;
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
        false
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
