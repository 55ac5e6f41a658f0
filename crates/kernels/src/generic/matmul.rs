//! matmul.rs: the matrix product, register-blocked; one micro-kernel for every instruction set.

use crate::vector::{Kernel, LANES, Vector};
use crate::{MatmulShape, Rows, RowsMut, Start, Strided};

/// See `Kernels::matmul`, which has checked that every index of the shape is within its slice.
pub(crate) struct Matmul<'a> {
    pub(crate) shape: MatmulShape,
    pub(crate) left: Strided<'a>,
    pub(crate) right: Rows<'a>,
    pub(crate) start: Start<'a>,
    pub(crate) out: RowsMut<'a>,
}

impl Kernel for Matmul<'_> {
    #[inline(always)]
    fn run<V: Vector>(mut self, zero: V) {
        // The length of an array cannot be an associated constant, so the tiles in use are listed here.
        match V::TILE {
            (8, 2) => self.bands::<V, 8, 2>(zero),
            (6, 1) => self.bands::<V, 6, 1>(zero),
            _ => self.bands::<V, 2, 1>(zero),
        }
    }
}

impl Matmul<'_> {
    /// Bands with as many columns as a tile; in each, full tiles from the top, then smaller ones.
    #[inline(always)]
    fn bands<V: Vector, const ROWS: usize, const VECTORS: usize>(&mut self, zero: V) {
        let mut column = 0;
        while column + VECTORS * LANES <= self.shape.columns {
            self.band::<V, ROWS, VECTORS>(zero, column);
            column += VECTORS * LANES;
        }
        while column < self.shape.columns {
            self.band::<V, ROWS, 1>(zero, column);
            column += LANES;
        }
    }

    /// All rows of a band of columns.
    #[inline(always)]
    fn band<V: Vector, const ROWS: usize, const VECTORS: usize>(&mut self, zero: V, column: usize) {
        let rows = self.shape.rows;
        let mut row = 0;
        while row + ROWS <= rows {
            self.tile::<V, ROWS, VECTORS>(zero, row, column);
            row += ROWS;
        }
        while ROWS > 4 && row + 4 <= rows {
            self.tile::<V, 4, VECTORS>(zero, row, column);
            row += 4;
        }
        while row < rows {
            self.tile::<V, 1, VECTORS>(zero, row, column);
            row += 1;
        }
    }

    /// ROWS × VECTORS sums, kept in registers over the whole inner dimension.
    #[inline(always)]
    fn tile<V: Vector, const ROWS: usize, const VECTORS: usize>(
        &mut self,
        zero: V,
        row: usize,
        column: usize,
    ) {
        let (left, right) = (self.left, self.right);
        let mut sums = [[zero; VECTORS]; ROWS];
        // One loop for each kind of start: a choice within the loops keeps the compiler from using registers.
        match self.start {
            Start::Zero => {}
            Start::Bias(bias) => {
                let mut first = [zero; VECTORS];
                for (j, first) in first.iter_mut().enumerate() {
                    *first = zero.load(lanes(bias, column + j * LANES));
                }
                sums = [first; ROWS];
            }
            Start::Accumulate => {
                for (i, sums) in sums.iter_mut().enumerate() {
                    for (j, sum) in sums.iter_mut().enumerate() {
                        let start = (row + i) * self.out.stride + column + j * LANES;
                        *sum = zero.load(lanes(self.out.data, start));
                    }
                }
            }
        }
        for k in 0..self.shape.inner {
            let mut factors = [zero; VECTORS];
            for (j, factor) in factors.iter_mut().enumerate() {
                let start = k * right.stride + column + j * LANES;
                debug_assert!(start + LANES <= right.data.len());
                // SAFETY: `Kernels::matmul` has checked that `right` holds [inner, columns].
                let from = unsafe { right.data.get_unchecked(start..start + LANES) };
                *factor = zero.load(lanes(from, 0));
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let index = (row + i) * left.row_stride + k * left.column_stride;
                debug_assert!(index < left.data.len());
                // SAFETY: `Kernels::matmul` has checked that `left` holds [rows, inner].
                let value = zero.like(unsafe { *left.data.get_unchecked(index) });
                for (sum, &factor) in sums.iter_mut().zip(&factors) {
                    *sum = value.mul_add(factor, *sum);
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            for (j, sum) in sums.iter().enumerate() {
                let start = (row + i) * self.out.stride + column + j * LANES;
                let (to, _) = self.out.data[start..start + LANES].as_chunks_mut();
                sum.store(&mut to[0]);
            }
        }
    }
}

/// The vector of numbers at `start`.
#[inline(always)]
fn lanes(data: &[f32], start: usize) -> &[f32; LANES] {
    &data[start..start + LANES].as_chunks().0[0]
}
