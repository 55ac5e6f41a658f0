//! dropout.rs: which units a training step drops, from a hash of their position and nothing else.

use crate::vector::{Kernel, Vector};

/// See `Kernels::dropout`.
pub(crate) struct Dropout<'a> {
    pub(crate) key: u32,
    pub(crate) first: u32,
    pub(crate) threshold: u32,
    pub(crate) scale: f32,
    pub(crate) values: &'a mut [f32],
    pub(crate) slopes: &'a mut [f32],
}

/// Integers only: plain loops, which the compiler translates to the instructions of the instance.
impl Kernel for Dropout<'_> {
    #[inline(always)]
    fn run<V: Vector>(self, _zero: V) {
        let places = self.values.iter_mut().zip(self.slopes);
        for (offset, (value, slope)) in (0u32..).zip(places) {
            let place = self.first.wrapping_add(offset);
            let kept = hash(place ^ self.key) >= self.threshold;
            let factor = if kept { self.scale } else { 0.0 };
            *value *= factor;
            *slope *= factor;
        }
    }
}

/// A bijection of 32 bits that leaves no visible pattern: `lowbias32` (Wellons 2018).
#[inline(always)]
fn hash(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}
