//! elementwise.rs: everything that processes numbers one by one: activations and their gradients.

use crate::generic::functions;
use crate::vector::{Kernel, LANES, Vector};

/// A computation that reads `READ` numbers and replaces `WRITE` numbers.
pub(crate) trait Elementwise<const READ: usize, const WRITE: usize> {
    /// The new values of the numbers to be replaced, computed from all current ones.
    fn apply<V: Vector>(&self, read: [V; READ], write: [V; WRITE]) -> [V; WRITE];
}

/// An elementwise computation, and the slices of equal length that it runs over.
pub(crate) struct Over<'a, E, const READ: usize, const WRITE: usize> {
    pub(crate) operation: E,
    pub(crate) read: [&'a [f32]; READ],
    pub(crate) write: [&'a mut [f32]; WRITE],
}

impl<E: Elementwise<READ, WRITE>, const READ: usize, const WRITE: usize> Kernel
    for Over<'_, E, READ, WRITE>
{
    #[inline(always)]
    fn run<V: Vector>(mut self, zero: V) {
        let length = self.write[0].len();
        let whole = length / LANES;
        for chunk in 0..whole {
            let mut read = [zero; READ];
            for (vector, slice) in read.iter_mut().zip(&self.read) {
                *vector = zero.load(&slice.as_chunks().0[chunk]);
            }
            let mut write = [zero; WRITE];
            for (vector, slice) in write.iter_mut().zip(&self.write) {
                *vector = zero.load(&slice.as_chunks().0[chunk]);
            }
            let write = self.operation.apply(read, write);
            for (vector, slice) in write.iter().zip(&mut self.write) {
                vector.store(&mut slice.as_chunks_mut().0[chunk]);
            }
        }
        let rest = whole * LANES;
        if rest == length {
            return;
        }
        let mut read = [zero; READ];
        for (vector, slice) in read.iter_mut().zip(&self.read) {
            *vector = load_partial(zero, &slice[rest..]);
        }
        let mut write = [zero; WRITE];
        for (vector, slice) in write.iter_mut().zip(&self.write) {
            *vector = load_partial(zero, &slice[rest..]);
        }
        let write = self.operation.apply(read, write);
        for (vector, slice) in write.iter().zip(&mut self.write) {
            let mut lanes = [0.0; LANES];
            vector.store(&mut lanes);
            slice[rest..].copy_from_slice(&lanes[..length - rest]);
        }
    }
}

/// Fewer than sixteen numbers; the other lanes are 0.
#[inline(always)]
pub(crate) fn load_partial<V: Vector>(zero: V, from: &[f32]) -> V {
    let mut lanes = [0.0; LANES];
    lanes[..from.len()].copy_from_slice(from);
    zero.load(&lanes)
}

/// x ← tanh x.
pub(crate) struct Tanh;

impl Elementwise<0, 1> for Tanh {
    #[inline(always)]
    fn apply<V: Vector>(&self, _: [V; 0], [value]: [V; 1]) -> [V; 1] {
        [functions::tanh(value)]
    }
}

/// δ ← δ·(1 − a²).
pub(crate) struct TanhBackward;

impl Elementwise<1, 1> for TanhBackward {
    #[inline(always)]
    fn apply<V: Vector>(&self, [activation]: [V; 1], [delta]: [V; 1]) -> [V; 1] {
        [delta * (-activation).mul_add(activation, delta.like(1.0))]
    }
}

/// x ← max(0, x); NaN stays NaN.
pub(crate) struct Relu;

impl Elementwise<0, 1> for Relu {
    #[inline(always)]
    fn apply<V: Vector>(&self, _: [V; 0], [value]: [V; 1]) -> [V; 1] {
        [value.like(0.0).max(value)]
    }
}

/// δ ← δ where a > 0, else 0.
pub(crate) struct ReluBackward;

impl Elementwise<1, 1> for ReluBackward {
    #[inline(always)]
    fn apply<V: Vector>(&self, [activation]: [V; 1], [delta]: [V; 1]) -> [V; 1] {
        let zero = delta.like(0.0);
        [V::select(zero.less(activation), delta, zero)]
    }
}

/// (x, ·) ← (GELU x, GELU′ x).
pub(crate) struct Gelu;

impl Elementwise<0, 2> for Gelu {
    #[inline(always)]
    fn apply<V: Vector>(&self, _: [V; 0], [value, _]: [V; 2]) -> [V; 2] {
        let (value, slope) = functions::gelu(value);
        [value, slope]
    }
}

/// a = GELU(z) alone.
pub(crate) struct GeluValue;

impl Elementwise<0, 1> for GeluValue {
    #[inline(always)]
    fn apply<V: Vector>(&self, _: [V; 0], [value]: [V; 1]) -> [V; 1] {
        [functions::gelu(value).0]
    }
}

/// δ ← δ·f.
pub(crate) struct Multiply;

impl Elementwise<1, 1> for Multiply {
    #[inline(always)]
    fn apply<V: Vector>(&self, [factor]: [V; 1], [delta]: [V; 1]) -> [V; 1] {
        [delta * factor]
    }
}
