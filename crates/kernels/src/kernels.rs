//! kernels.rs: the public interface: a chosen instance, with every kernel as a checked, safe method.

use std::array::from_fn;

use crate::arch;
use crate::generic::dropout::Dropout;
use crate::generic::elementwise::{
    Elementwise, Gelu, GeluValue, Multiply, Over, Relu, ReluBackward, Tanh, TanhBackward,
};
use crate::generic::exp64::Exp64;
use crate::generic::log64::Log64;
use crate::generic::matmul::Matmul;
use crate::generic::optimizer::{AdamW, Axpy, Lerp, Sgd};
use crate::generic::rows::{ScatterRows, SumColumns, SumRows};
use crate::generic::softmax::Softmax;
use crate::instruction_set::{Arithmetic, InstructionSet};
use crate::shapes::{Contexts, MatmulShape, Rows, RowsMut, Start, Strided};
use crate::vector::{Kernel, LANES};

/// A chosen instance: an instruction set that this machine has, and an arithmetic.
///
/// Results depend on the arithmetic only. The value is small; pass it by copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernels {
    set: InstructionSet,
    arithmetic: Arithmetic,
}

/// All instruction sets, the portable one first; of those that one machine has, faster ones come later.
const ALL: [InstructionSet; 6] = [
    InstructionSet::Portable,
    InstructionSet::Sse2,
    InstructionSet::Neon,
    InstructionSet::Simd128,
    InstructionSet::Avx2,
    InstructionSet::Avx512,
];

impl Kernels {
    /// The instance for `set`, or `None` if this machine lacks it. WebAssembly has no fused instances: nothing there
    /// uses them, and emulating them in software would double the size of the module.
    pub fn new(set: InstructionSet, arithmetic: Arithmetic) -> Option<Kernels> {
        if cfg!(target_arch = "wasm32") && arithmetic == Arithmetic::Fused {
            return None;
        }
        let exists = match set {
            InstructionSet::Portable => true,
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Sse2 => true,
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => arch::x86_64::has_avx2(),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => arch::x86_64::has_avx512(),
            #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
            InstructionSet::Neon => true,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            InstructionSet::Simd128 => true,
            _ => false,
        };
        exists.then_some(Kernels { set, arithmetic })
    }

    /// The fastest instance that this machine has.
    ///
    /// # Panics
    /// In WebAssembly, if fused arithmetic is requested.
    pub fn best(arithmetic: Arithmetic) -> Kernels {
        let fastest_first = ALL.into_iter().rev();
        fastest_first
            .filter_map(|set| Kernels::new(set, arithmetic))
            .next()
            .expect("the portable one is always there")
    }

    /// The instruction sets that this machine has, the portable one first, the fastest last.
    pub fn available() -> Vec<InstructionSet> {
        ALL.into_iter()
            .filter(|&set| Kernels::new(set, Arithmetic::Unfused).is_some())
            .collect()
    }

    /// Which instructions it uses.
    pub fn instruction_set(self) -> InstructionSet {
        self.set
    }

    /// How it rounds.
    pub fn arithmetic(self) -> Arithmetic {
        self.arithmetic
    }

    /// Runs a kernel in the chosen instance.
    pub(crate) fn run(self, kernel: impl Kernel) {
        match (self.set, self.arithmetic) {
            #[cfg(target_arch = "x86_64")]
            (InstructionSet::Sse2, Arithmetic::Fused) => {
                arch::quads::run::<core::arch::x86_64::__m128, true>(kernel);
            }
            #[cfg(target_arch = "x86_64")]
            (InstructionSet::Sse2, Arithmetic::Unfused) => {
                arch::quads::run::<core::arch::x86_64::__m128, false>(kernel);
            }
            #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
            (InstructionSet::Neon, Arithmetic::Fused) => {
                arch::quads::run::<core::arch::aarch64::float32x4_t, true>(kernel);
            }
            #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
            (InstructionSet::Neon, Arithmetic::Unfused) => {
                arch::quads::run::<core::arch::aarch64::float32x4_t, false>(kernel);
            }
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            (InstructionSet::Simd128, Arithmetic::Unfused) => {
                arch::quads::run::<core::arch::wasm32::v128, false>(kernel);
            }
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` returns this set only if the processor has AVX2 and FMA.
            (InstructionSet::Avx2, Arithmetic::Fused) => unsafe {
                arch::x86_64::run_avx2::<true>(kernel)
            },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` returns this set only if the processor has AVX2 and FMA.
            (InstructionSet::Avx2, Arithmetic::Unfused) => unsafe {
                arch::x86_64::run_avx2::<false>(kernel)
            },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` returns this set only if the processor has AVX-512F.
            (InstructionSet::Avx512, Arithmetic::Fused) => unsafe {
                arch::x86_64::run_avx512::<true>(kernel)
            },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` returns this set only if the processor has AVX-512F.
            (InstructionSet::Avx512, Arithmetic::Unfused) => unsafe {
                arch::x86_64::run_avx512::<false>(kernel)
            },
            #[cfg(not(target_arch = "wasm32"))]
            (_, Arithmetic::Fused) => arch::portable::run::<true>(kernel),
            #[cfg(target_arch = "wasm32")]
            (_, Arithmetic::Fused) => unreachable!("`new` makes none"),
            (_, Arithmetic::Unfused) => arch::portable::run::<false>(kernel),
        }
    }

    /// Runs an elementwise computation over slices of one length.
    fn each<E: Elementwise<READ, WRITE>, const READ: usize, const WRITE: usize>(
        self,
        operation: E,
        read: [&[f32]; READ],
        write: [&mut [f32]; WRITE],
    ) {
        let length = write[0].len();
        assert!(
            read.iter().all(|slice| slice.len() == length),
            "slices must have one length"
        );
        assert!(
            write.iter().all(|slice| slice.len() == length),
            "slices must have one length"
        );
        self.run(Over {
            operation,
            read,
            write,
        });
    }

    /// The matrix product `out = start + left · right`.
    ///
    /// Every element is summed over the inner index in order, starting with `start`. The strides
    /// of `left` serve A·B and Aᵀ·B alike.
    ///
    /// # Shapes
    /// left \[rows, inner\], right \[inner, columns\], out \[rows, columns\], bias \[columns\]
    ///
    /// # Panics
    /// If `columns` is not a multiple of [`LANES`], a slice is too short for its shape and strides,
    /// a stride is smaller than a row, or the bias is not \[columns\].
    pub fn matmul(
        self,
        shape: MatmulShape,
        left: Strided<'_>,
        right: Rows<'_>,
        start: Start<'_>,
        out: RowsMut<'_>,
    ) {
        let MatmulShape {
            rows,
            inner,
            columns,
        } = shape;
        assert!(
            columns.is_multiple_of(LANES),
            "{columns} columns: not a multiple of {LANES}"
        );
        if let Start::Bias(bias) = start {
            assert_eq!(bias.len(), columns, "length of the bias");
        }
        if rows == 0 || columns == 0 {
            return;
        }
        assert!(out.stride >= columns, "rows of the result overlap");
        let end = extent(rows, out.stride, columns, 1);
        assert!(
            out.data.len() >= end,
            "the result is too short for its shape"
        );
        if inner > 0 {
            let end = extent(rows, left.row_stride, inner, left.column_stride);
            assert!(
                left.data.len() >= end,
                "the left operand is too short for its shape"
            );
            assert!(right.stride >= columns, "rows of the right operand overlap");
            let end = extent(inner, right.stride, columns, 1);
            assert!(
                right.data.len() >= end,
                "the right operand is too short for its shape"
            );
        }
        self.run(Matmul {
            shape,
            left,
            right,
            start,
            out,
        });
    }

    /// Copies a matrix into its transpose: `to[j, i] = from[i, j]`.
    ///
    /// # Shapes
    /// from \[rows, columns\] with rows `from_stride` apart; to \[columns, rows\] with `to_stride`
    ///
    /// # Panics
    /// If a slice is too short or a stride is smaller than a row.
    pub fn transpose(
        self,
        rows: usize,
        columns: usize,
        from: &[f32],
        from_stride: usize,
        to: &mut [f32],
        to_stride: usize,
    ) {
        if rows == 0 || columns == 0 {
            return;
        }
        assert!(
            from_stride >= columns && to_stride >= rows,
            "a stride is smaller than a row"
        );
        assert!(
            from.len() >= extent(rows, from_stride, columns, 1),
            "`from` is too short"
        );
        assert!(
            to.len() >= extent(columns, to_stride, rows, 1),
            "`to` is too short"
        );
        // Strips of sixteen rows of `from`: sixteen streams are read, and whole cache lines written.
        for strip in (0..rows).step_by(LANES) {
            let height = LANES.min(rows - strip);
            let (blocks, rest) = match height {
                LANES => (columns / BLOCK * BLOCK, columns),
                _ => (0, columns),
            };
            for column in (0..blocks).step_by(BLOCK) {
                for row in (strip..strip + LANES).step_by(BLOCK) {
                    let from = from_fn(|i| block(from, (row + i) * from_stride + column));
                    for (i, turned) in turned(from).into_iter().enumerate() {
                        to[(column + i) * to_stride + row..][..BLOCK].copy_from_slice(&turned);
                    }
                }
            }
            for column in blocks..rest {
                let to = &mut to[column * to_stride + strip..][..height];
                for (row, to) in to.iter_mut().enumerate() {
                    *to = from[(strip + row) * from_stride + column];
                }
            }
        }
    }

    /// The first layer as a table: `out[b] = bias + Σ_j tables[j, contexts[b, j]]`, j in order.
    ///
    /// # Shapes
    /// tables \[context length, vocab_size, width\], bias \[width\],
    /// out \[B, width\]; `width` a multiple of [`LANES`]
    ///
    /// # Panics
    /// If a length does not match these shapes or a token is not below `vocab_size`.
    pub fn sum_rows(
        self,
        contexts: Contexts<'_>,
        tables: &[f32],
        bias: &[f32],
        width: usize,
        out: &mut [f32],
    ) {
        let rows = check_contexts(contexts, width);
        assert_eq!(
            tables.len(),
            contexts.length * contexts.vocab_size * width,
            "length of the tables"
        );
        assert_eq!(bias.len(), width, "length of the bias");
        assert_eq!(out.len(), rows * width, "length of the result");
        self.run(SumRows {
            contexts,
            tables,
            bias,
            width,
            out,
        });
    }

    /// The gradient of [`Kernels::sum_rows`]: for each row b in order,
    /// `table_grads[j, contexts[b, j]] += deltas[b]` for every j, and `bias_grad += deltas[b]`.
    ///
    /// # Shapes
    /// deltas \[B, width\], table_grads \[context length, vocab_size, width\], bias_grad \[width\]; `width` a
    /// multiple of [`LANES`]
    ///
    /// # Panics
    /// If a length does not match these shapes or a token is not below `vocab_size`.
    pub fn scatter_rows(
        self,
        contexts: Contexts<'_>,
        deltas: &[f32],
        width: usize,
        table_grads: &mut [f32],
        bias_grad: &mut [f32],
    ) {
        let rows = check_contexts(contexts, width);
        assert_eq!(deltas.len(), rows * width, "length of the deltas");
        let table = contexts.length * contexts.vocab_size * width;
        assert_eq!(table_grads.len(), table, "length of the tables' gradient");
        assert_eq!(bias_grad.len(), width, "length of the bias's gradient");
        self.run(ScatterRows {
            contexts,
            deltas,
            width,
            table_grads,
            bias_grad,
        });
    }

    /// `out += Σ_b rows[b]`, b in order.
    ///
    /// # Shapes
    /// rows \[B, width\], out \[width\]; `width` a multiple of [`LANES`]
    ///
    /// # Panics
    /// If a length does not match these shapes.
    pub fn sum_columns(self, rows: &[f32], width: usize, out: &mut [f32]) {
        check_width(width);
        assert!(rows.len().is_multiple_of(width), "incomplete rows");
        assert_eq!(out.len(), width, "length of the result");
        self.run(SumColumns { rows, width, out });
    }

    /// `x ← tanh x`, any length.
    pub fn tanh(self, values: &mut [f32]) {
        self.each(Tanh, [], [values]);
    }

    /// `δ ← δ·(1 − a²)`, a the value of tanh.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn tanh_backward(self, activations: &[f32], deltas: &mut [f32]) {
        self.each(TanhBackward, [activations], [deltas]);
    }

    /// `x ← max(0, x)`, any length; NaN stays NaN.
    pub fn relu(self, values: &mut [f32]) {
        self.each(Relu, [], [values]);
    }

    /// `δ ← δ` where `a > 0`, else 0.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn relu_backward(self, activations: &[f32], deltas: &mut [f32]) {
        self.each(ReluBackward, [activations], [deltas]);
    }

    /// `x ← x·Φ(x)` (PyTorch's default GELU), and in `slopes` the derivative Φ(x) + x·φ(x).
    ///
    /// The backward pass is then [`Kernels::multiply`] with the slopes. The previous contents of `slopes` are ignored.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn gelu(self, values: &mut [f32], slopes: &mut [f32]) {
        self.each(Gelu, [], [values, slopes]);
    }

    /// The values of [`Kernels::gelu`], bit for bit, without slopes.
    pub fn gelu_value(self, values: &mut [f32]) {
        self.each(GeluValue, [], [values]);
    }

    /// `δ ← δ·f`.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn multiply(self, factors: &[f32], deltas: &mut [f32]) {
        self.each(Multiply, [factors], [deltas]);
    }

    /// Dropout (Srivastava et al. 2014): each number is set to 0 with probability `rate`, otherwise divided by
    /// 1 − rate, and so is its slope. What happens at index i depends only on `key` and `first + i`.
    ///
    /// # Panics
    /// If the lengths differ, or `rate` is not in [0, 1).
    pub fn dropout(self, rate: f32, key: u32, first: u32, values: &mut [f32], slopes: &mut [f32]) {
        assert!((0.0..1.0).contains(&rate), "a dropout rate of {rate}");
        assert_eq!(values.len(), slopes.len(), "slices must have one length");
        self.run(Dropout {
            key,
            first,
            threshold: (f64::from(rate) * 4_294_967_296.0) as u32,
            scale: 1.0 / (1.0 - rate),
            values,
            slopes,
        });
    }

    /// Converts logits to weighted probabilities in place: row b becomes
    /// `row_weights[b] · softmax(row)` over the first `vocab_size` numbers and 0 in the padding, and
    /// `log_sums[b] = ln Σ exp(z)` (nats), so that `ln p(t) = z_t − log_sums[b]`.
    ///
    /// The largest logit is subtracted first. A row that contains NaN or +∞, or only −∞, becomes NaN.
    ///
    /// # Shapes
    /// logits \[B, stride\], row_weights \[B\], log_sums \[B\]; `stride` a multiple of [`LANES`]
    ///
    /// # Panics
    /// If a length does not match these shapes, or if `vocab_size` is 0 or greater than `stride`.
    pub fn softmax(
        self,
        logits: &mut [f32],
        stride: usize,
        vocab_size: usize,
        row_weights: &[f32],
        log_sums: &mut [f32],
    ) {
        check_width(stride);
        assert!(
            0 < vocab_size && vocab_size <= stride,
            "{vocab_size} classes in rows of {stride}"
        );
        assert_eq!(
            logits.len(),
            row_weights.len() * stride,
            "length of the logits"
        );
        assert_eq!(log_sums.len(), row_weights.len(), "length of the log sums");
        self.run(Softmax {
            logits,
            stride,
            vocab_size,
            row_weights,
            log_sums,
        });
    }

    /// One step of AdamW (Loshchilov and Hutter 2019; PyTorch's form), any length.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn adamw(
        self,
        step: AdamW,
        params: &mut [f32],
        grads: &[f32],
        first_moment: &mut [f32],
        second_moment: &mut [f32],
    ) {
        self.each(step, [grads], [params, first_moment, second_moment]);
    }

    /// `params ← params − learning_rate·grads`.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn sgd(self, learning_rate: f32, params: &mut [f32], grads: &[f32]) {
        self.each(Sgd { learning_rate }, [grads], [params]);
    }

    /// `values ← exp(values)`, bit-identical to `libm::exp` in every instance.
    pub fn exp_f64(self, values: &mut [f64]) {
        self.run(Exp64 { values });
    }

    /// `values ← ln(values)`, bit-identical to `libm::log` in every instance.
    pub fn log_f64(self, values: &mut [f64]) {
        self.run(Log64 { values });
    }

    /// `into ← into + weight·from`.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn axpy(self, weight: f32, from: &[f32], into: &mut [f32]) {
        self.each(Axpy { weight }, [from], [into]);
    }

    /// `into ← into + weight·(from − into)`: the averaging of weights.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn lerp(self, weight: f32, from: &[f32], into: &mut [f32]) {
        self.each(Lerp { weight }, [from], [into]);
    }
}

/// Side of the square blocks that are transposed in registers.
const BLOCK: usize = 4;

fn block(from: &[f32], at: usize) -> [f32; BLOCK] {
    from[at..][..BLOCK]
        .try_into()
        .expect("the slice has its length")
}

fn turned(rows: [[f32; BLOCK]; BLOCK]) -> [[f32; BLOCK]; BLOCK] {
    from_fn(|column| from_fn(|row| rows[row][column]))
}

/// The length that a slice needs to contain element (rows − 1, columns − 1); both must be at least 1.
fn extent(rows: usize, row_stride: usize, columns: usize, column_stride: usize) -> usize {
    let last_row = (rows - 1).checked_mul(row_stride);
    let last_column = (columns - 1).checked_mul(column_stride);
    let end = last_row
        .zip(last_column)
        .and_then(|(row, column)| row.checked_add(column));
    end.and_then(|end| end.checked_add(1))
        .expect("a matrix larger than the address space")
}

/// Asserts that `width` is a positive multiple of a vector.
fn check_width(width: usize) {
    assert!(
        width > 0 && width.is_multiple_of(LANES),
        "width {width}: not a multiple of {LANES}"
    );
}

/// Asserts that contexts are complete and contain known tokens only; returns how many there are.
fn check_contexts(contexts: Contexts<'_>, width: usize) -> usize {
    let Contexts {
        tokens,
        length,
        vocab_size,
    } = contexts;
    check_width(width);
    assert!(length > 0, "contexts of length 0");
    assert!(tokens.len().is_multiple_of(length), "incomplete contexts");
    let largest = tokens.iter().fold(0, |largest, &token| token.max(largest));
    assert!(
        tokens.is_empty() || usize::from(largest) < vocab_size,
        "token {largest} in a vocabulary of {vocab_size}"
    );
    tokens.len() / length
}
