//! matmul.rs: the matrix product, register-blocked; one micro-kernel for every instruction set.

use crate::vector::{Kernel, LANES, Vector};
use crate::{MatmulShape, Rows, RowsMut, Start, Strided};

/// See `Kernels::matmul`.
pub(crate) struct Matmul<'a> {
    pub(crate) shape: MatmulShape,
    pub(crate) left: Strided<'a>,
    pub(crate) right: Rows<'a>,
    pub(crate) start: Start<'a>,
    pub(crate) out: RowsMut<'a>,
}

impl Kernel for Matmul<'_> {
    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let MatmulShape {
            rows,
            inner,
            columns,
        } = self.shape;
        for row in 0..rows {
            for column in (0..columns).step_by(LANES) {
                let out = &mut self.out.data[row * self.out.stride + column..][..LANES];
                let out = out.as_chunks_mut::<LANES>().0;
                let mut sum = match self.start {
                    Start::Zero => zero,
                    Start::Bias(bias) => zero.load(&bias[column..].as_chunks().0[0]),
                    Start::Accumulate => zero.load(&out[0]),
                };
                for k in 0..inner {
                    let left =
                        self.left.data[row * self.left.row_stride + k * self.left.column_stride];
                    let right = &self.right.data[k * self.right.stride + column..];
                    sum = zero
                        .like(left)
                        .mul_add(zero.load(&right.as_chunks().0[0]), sum);
                }
                sum.store(&mut out[0]);
            }
        }
    }
}
