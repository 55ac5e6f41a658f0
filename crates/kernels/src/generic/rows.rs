//! rows.rs: the first layer as a sum of table rows, its gradient, and column sums.

use crate::shapes::Contexts;
use crate::vector::{Kernel, LANES, Vector};

/// The vectors of a row that are summed side by side in registers.
const BLOCK: usize = 4;

/// See `Kernels::sum_rows`.
pub(crate) struct SumRows<'a> {
    pub(crate) contexts: Contexts<'a>,
    pub(crate) tables: &'a [f32],
    pub(crate) bias: &'a [f32],
    pub(crate) width: usize,
    pub(crate) out: &'a mut [f32],
}

impl Kernel for SumRows<'_> {
    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let contexts = self.contexts.tokens.chunks_exact(self.contexts.length);
        for (context, out) in contexts.zip(self.out.chunks_exact_mut(self.width)) {
            let blocks = out.chunks_mut(BLOCK * LANES);
            for (block, out) in blocks.enumerate() {
                let column = block * BLOCK * LANES;
                let (out, _) = out.as_chunks_mut::<LANES>();
                let mut sums = [zero; BLOCK];
                let (bias, _) = self.bias[column..].as_chunks::<LANES>();
                for (sum, bias) in sums.iter_mut().zip(&bias[..out.len()]) {
                    *sum = zero.load(bias);
                }
                for (position, &token) in context.iter().enumerate() {
                    let row = position * self.contexts.vocab_size + usize::from(token);
                    let (row, _) = self.tables[row * self.width + column..].as_chunks::<LANES>();
                    for (sum, row) in sums.iter_mut().zip(&row[..out.len()]) {
                        *sum = *sum + zero.load(row);
                    }
                }
                for (sum, out) in sums.iter().zip(out) {
                    sum.store(out);
                }
            }
        }
    }
}

/// See `Kernels::scatter_rows`.
pub(crate) struct ScatterRows<'a> {
    pub(crate) contexts: Contexts<'a>,
    pub(crate) deltas: &'a [f32],
    pub(crate) width: usize,
    pub(crate) table_grads: &'a mut [f32],
    pub(crate) bias_grad: &'a mut [f32],
}

impl Kernel for ScatterRows<'_> {
    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let contexts = self.contexts.tokens.chunks_exact(self.contexts.length);
        for (context, delta) in contexts.zip(self.deltas.chunks_exact(self.width)) {
            for (position, &token) in context.iter().enumerate() {
                let row = position * self.contexts.vocab_size + usize::from(token);
                add(
                    zero,
                    delta,
                    &mut self.table_grads[row * self.width..][..self.width],
                );
            }
            add(zero, delta, self.bias_grad);
        }
    }
}

/// `into += from`; both lengths are multiples of a vector.
#[inline(always)]
fn add<V: Vector>(zero: V, from: &[f32], into: &mut [f32]) {
    let from = from.as_chunks::<LANES>().0;
    for (from, into) in from.iter().zip(into.as_chunks_mut().0) {
        (zero.load(into) + zero.load(from)).store(into);
    }
}

/// See `Kernels::sum_columns`.
pub(crate) struct SumColumns<'a> {
    pub(crate) rows: &'a [f32],
    pub(crate) width: usize,
    pub(crate) out: &'a mut [f32],
}

impl Kernel for SumColumns<'_> {
    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        for row in self.rows.chunks_exact(self.width) {
            add(zero, row, self.out);
        }
    }
}
