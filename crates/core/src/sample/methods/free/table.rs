//! Free draws for short contexts: an alias table for every context that there can be, and blocks of
//! chains that walk from table to table. The number of a context is the integer that it is packed to.

use std::ops::Range;

use nextchar_kernels::AliasTables;

use super::block;
use crate::executor::Executor;
use crate::language_model::packing;
use crate::rng::Stream;
use crate::sample::conditions::filter::Filter;
use crate::sample::contexts::alias::Slots;
use crate::sample::methods::free::chains::{Brought, CHAINS};
use crate::sample::source::Source;
use crate::text::{END, Token};

/// All tables together have at most 2^this entries of four bytes.
const MOST_ENTRY_BITS: u32 = 21;
/// What the kernel takes.
const MOST_SLOT_BITS: u32 = 15;
/// Rows that a shard asks the model for.
const SHARD: usize = 64;

/// Tables of all contexts. A context's number is its tokens, each with the bits of a slot.
pub(crate) struct Table<'a> {
    source: Source<'a>,
    slots: Slots,
    /// \[contexts, slots\]; 0 where there is no such context.
    tables: Vec<u32>,
    /// \[contexts, V\], once they are asked for.
    log_probs: Vec<f64>,
    filled: bool,
    pub(crate) evaluations: u64,
}

impl<'a> Table<'a> {
    /// `None` where the contexts are too many, or where names have a label: its contexts are others.
    pub(crate) fn new(source: Source<'a>) -> Option<Self> {
        let model = source.model;
        let slots = Slots::new(model.vocab_size());
        if source.start.held() > 0 || packing(model).token_bits() != slots.bits {
            return None;
        }
        let length = u32::try_from(model.context_length()).ok()?;
        let bits = slots.bits.checked_mul(length.checked_add(1)?)?;
        (bits <= MOST_ENTRY_BITS && slots.bits <= MOST_SLOT_BITS).then(|| Table {
            source,
            slots,
            tables: vec![0; 1 << bits],
            log_probs: Vec::new(),
            filled: false,
            evaluations: 0,
        })
    }

    /// Asks the model for every context, at the first call, and when log-probabilities are wanted first.
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
        executor.for_each(&mut shards, |shard, (tables, kept, asked)| {
            let numbers = shard * SHARD..(shard * SHARD + (tables.len() >> slots.bits));
            let (mut states, mut rows) = (Vec::new(), Vec::new());
            for (row, number) in numbers.enumerate() {
                let state = start.with_packed(number as u128);
                if is_context(&packing.unpack_context(state.packed()), vocab_size) {
                    states.push(state);
                    rows.push(row);
                }
            }
            *asked = rows.len() as u64;
            let mut values = vec![0.0; rows.len() * vocab_size];
            model.log_probs(&states, &mut values);
            for (values, row) in values.chunks_exact_mut(vocab_size).zip(rows) {
                if let Some(kept) = kept {
                    kept[row * vocab_size..][..vocab_size].copy_from_slice(values);
                }
                config.apply(values);
                slots.fill(values, &mut tables[row << slots.bits..][..slots.count()]);
            }
        });
        self.evaluations += shards.iter().map(|(.., asked)| asked).sum::<u64>();
    }

    /// The names of some chains up to the end of a block, a batch for each block.
    pub(crate) fn walk(
        &mut self,
        words: &Stream,
        chains: Range<u64>,
        log_probs: bool,
        filter: &Filter,
        executor: &dyn Executor,
    ) -> Vec<Brought> {
        self.fill(log_probs, executor);
        let block = |chain: u64| chain / CHAINS as u64;
        let first = block(chains.start);
        let mut brought: Vec<Brought> = (first..block(chains.end))
            .map(|_| Brought::default())
            .collect();
        let this = &*self;
        let tables = AliasTables {
            entries: &this.tables,
            bits: this.slots.bits,
        };
        let mut pairs: Vec<&mut [Brought]> = brought.chunks_mut(2).collect();
        executor.for_each(&mut pairs, |index, pair| {
            let number = first + 2 * index as u64;
            let streams = [number, number + 1].map(|number| words.at(number));
            let blocks = block::walk(tables, filter.max_length(), streams);
            let mut skipped = if index == 0 {
                chains.start as usize % CHAINS
            } else {
                0
            };
            for (brought, block) in pair.iter_mut().zip(&blocks) {
                *brought = block.names(std::mem::take(&mut skipped), filter);
                if log_probs {
                    brought.batch.log_probs = brought
                        .batch
                        .names()
                        .map(|name| this.log_prob(name))
                        .collect();
                }
            }
        });
        brought
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

/// Whether names have such a context: nothing but padding stands before its first piece.
fn is_context(context: &[Token], vocab_size: usize) -> bool {
    let padding = context.iter().take_while(|&&token| token == END).count();
    context[padding..].iter().all(|&token| token != END)
        && context.iter().all(|&token| usize::from(token) < vocab_size)
}
