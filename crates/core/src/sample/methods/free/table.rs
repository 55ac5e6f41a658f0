//! Free draws for short contexts: an alias table for every possible context, and blocks of chains that move
//! from table to table. The number of a context is the integer that it is packed to.

use std::ops::Range;

use nextchar_kernels::AliasTables;

use super::block;
use crate::executor::Executor;
use crate::language_model::packing;
use crate::rng::Stream;
use crate::sample::conditions::Filter;
use crate::sample::contexts::{Scratch, Slots};
use crate::sample::methods::free::chains::{Accepted, CHAINS};
use crate::sample::source::Source;
use crate::text::{END, Token};

/// All tables together have at most 2^this entries of four bytes.
const MAX_ENTRY_BITS: u32 = 21;
/// The limit of the kernel.
const MAX_SLOT_BITS: u32 = 15;
/// Contexts of a shard.
const SHARD: usize = 64;

/// Alias tables of all contexts. The number of a context consists of its tokens, with the bits of a slot each.
pub(crate) struct Table<'a> {
    source: Source<'a>,
    slots: Slots,
    /// \[contexts, slots\]; 0 for numbers that are no context.
    tables: Vec<u32>,
    /// \[contexts, V\], once they are requested.
    log_probs: Vec<f64>,
    filled: bool,
    pub(crate) evaluations: u64,
}

impl<'a> Table<'a> {
    /// `None` if there are too many contexts, or if the names have a label, because labelled contexts have no
    /// number here.
    pub(crate) fn new(source: Source<'a>) -> Option<Self> {
        let model = source.model;
        let slots = Slots::new(model.vocab_size());
        if source.start.held() > 0 || packing(model).token_bits() != slots.bits {
            return None;
        }
        let length = u32::try_from(model.context_length()).ok()?;
        let bits = slots.bits.checked_mul(length.checked_add(1)?)?;
        (bits <= MAX_ENTRY_BITS && slots.bits <= MAX_SLOT_BITS).then(|| Table {
            source,
            slots,
            tables: vec![0; 1 << bits],
            log_probs: Vec::new(),
            filled: false,
            evaluations: 0,
        })
    }

    /// Evaluates every context at the first call, and again when log-probabilities are first requested.
    fn fill(&mut self, log_probs: bool, executor: &dyn Executor) {
        let more = log_probs && self.log_probs.is_empty();
        if self.filled && !more {
            return;
        }
        self.filled = true;
        let Source {
            model,
            start,
            config,
        } = self.source;
        let (vocab_size, slots, packing) = (model.vocab_size(), self.slots, packing(model));
        let contexts = self.tables.len() >> slots.bits;
        if log_probs {
            self.log_probs = vec![0.0; contexts * vocab_size];
        }
        let mut kept = self.log_probs.chunks_mut(SHARD * vocab_size);
        let tables = self.tables.chunks_mut(SHARD << slots.bits);
        let mut shards: Vec<_> = tables.map(|tables| (tables, kept.next(), 0u64)).collect();
        executor.for_each(&mut shards, |shard, (tables, kept, evaluated)| {
            let numbers = shard * SHARD..(shard * SHARD + (tables.len() >> slots.bits));
            let (mut states, mut rows) = (Vec::new(), Vec::new());
            for (row, number) in numbers.enumerate() {
                let state = start.with_packed(number as u128);
                if is_context(&packing.unpack_context(state.packed()), vocab_size) {
                    states.push(state);
                    rows.push(row);
                }
            }
            *evaluated = rows.len() as u64;
            let mut scratch = Scratch::default();
            let mut values = vec![0.0; rows.len() * vocab_size];
            model.log_probs(&states, &mut values);
            for (values, row) in values.chunks_exact_mut(vocab_size).zip(rows) {
                if let Some(kept) = kept {
                    kept[row * vocab_size..][..vocab_size].copy_from_slice(values);
                }
                config.apply(values);
                let table = &mut tables[row << slots.bits..][..slots.count()];
                slots.fill(values, table, &mut scratch);
            }
        });
        self.evaluations += shards.iter().map(|(.., evaluated)| evaluated).sum::<u64>();
    }

    /// The accepted names of some chains, which end with a block; a batch for each block.
    pub(crate) fn walk(
        &mut self,
        stream: &Stream,
        chains: Range<u64>,
        log_probs: bool,
        filter: &Filter,
        executor: &dyn Executor,
    ) -> Vec<Accepted> {
        self.fill(log_probs, executor);
        let block = |chain: u64| chain / CHAINS as u64;
        let first = block(chains.start);
        let mut accepted: Vec<Accepted> = (first..block(chains.end))
            .map(|_| Accepted::default())
            .collect();
        let this = &*self;
        let tables = AliasTables {
            entries: &this.tables,
            bits: this.slots.bits,
        };
        let mut pairs: Vec<&mut [Accepted]> = accepted.chunks_mut(2).collect();
        executor.for_each(&mut pairs, |index, pair| {
            let number = first + 2 * index as u64;
            let streams = [number, number + 1].map(|number| stream.at(number));
            let blocks = block::walk(tables, filter.max_length(), streams);
            let mut skipped = if index == 0 {
                chains.start as usize % CHAINS
            } else {
                0
            };
            for (accepted, block) in pair.iter_mut().zip(&blocks) {
                *accepted = block.names(std::mem::take(&mut skipped), filter);
                if log_probs {
                    let names = accepted.batch.names();
                    accepted.batch.log_probs = names.map(|name| this.log_prob(name)).collect();
                }
            }
        });
        accepted
    }

    fn log_prob(&self, name: &[Token]) -> f64 {
        let vocab_size = self.source.model.vocab_size();
        let last = (self.tables.len() >> self.slots.bits) - 1;
        let (mut row, mut sum) = (0, 0.0);
        for &token in name {
            sum += self.log_probs[row * vocab_size + usize::from(token)];
            row = (row << self.slots.bits | usize::from(token)) & last;
        }
        sum + self.log_probs[row * vocab_size + usize::from(END)]
    }
}

/// Whether a name can have this context: padding occurs only at its left.
fn is_context(context: &[Token], vocab_size: usize) -> bool {
    let padding = context.iter().take_while(|&&token| token == END).count();
    context[padding..].iter().all(|&token| token != END)
        && context.iter().all(|&token| usize::from(token) < vocab_size)
}
