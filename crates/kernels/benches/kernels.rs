//! Every kernel with the shapes of the lecture's network (T 3, E 10, H 200, V 27, blocks of 64 rows), for every
//! instruction set of this machine, and the machine's limit for fused multiply-adds. `Gelem/s` means GFLOP/s for
//! products and the limit, and 10⁹ numbers per second for the others. `bench/kernels.py` makes the table of
//! bench/RESULTS.md from the results. `tests/same_bits.rs` checks that the kernels compute the right numbers.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nextchar_kernels::{
    AdamW, Arithmetic, Contexts, Kernels, MatmulShape, Rows, RowsMut, Start, Strided, padded,
};

const ROWS: usize = 64;
const CONTEXT: usize = 3;
const EMBEDDING: usize = 10;
const HIDDEN: usize = 200;
const VOCAB: usize = 27;
/// Parameters of the network, packed.
const PARAMS: usize = 13_296;

/// Numbers between −1 and 1, the same in every run.
fn numbers(len: usize) -> Vec<f32> {
    let mut state = 1u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    })
    .take(len)
    .collect()
}

/// All instances, fused: `name/avx512` and so on.
fn instances() -> impl Iterator<Item = Kernels> {
    let sets = Kernels::available().into_iter();
    sets.filter_map(|set| Kernels::new(set, Arithmetic::Fused))
}

/// One kernel in every instance; `work` is what `Throughput` counts.
fn bench(c: &mut Criterion, name: &str, work: usize, mut run: impl FnMut(Kernels)) {
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(work as u64));
    for kernels in instances() {
        group.bench_function(kernels.instruction_set().to_string(), |b| {
            b.iter(|| run(kernels));
        });
    }
    group.finish();
}

/// `out = left · right`, the left operand by columns where `transposed`.
fn product(
    c: &mut Criterion,
    name: &str,
    rows: usize,
    inner: usize,
    columns: usize,
    by_column: bool,
) {
    let stride = padded(columns);
    let (left, right) = (numbers(rows * padded(inner)), numbers(inner * stride));
    let left_by_column = numbers(inner * padded(rows));
    let mut out = vec![0.0; rows * stride];
    bench(c, name, 2 * rows * inner * columns, |kernels| {
        let left = match by_column {
            true => Strided {
                data: &left_by_column,
                row_stride: 1,
                column_stride: padded(rows),
            },
            false => Strided {
                data: &left,
                row_stride: padded(inner),
                column_stride: 1,
            },
        };
        kernels.matmul(
            MatmulShape {
                rows,
                inner,
                columns: stride,
            },
            left,
            Rows {
                data: black_box(&right),
                stride,
            },
            Start::Zero,
            RowsMut {
                data: black_box(&mut out),
                stride,
            },
        );
    });
}

fn products(c: &mut Criterion) {
    product(c, "logits: activations · W", ROWS, HIDDEN, VOCAB, false);
    product(
        c,
        "gradient of W: activationsᵀ · deltas",
        HIDDEN,
        ROWS,
        VOCAB,
        true,
    );
    product(
        c,
        "gradient of activations: deltas · Wᵀ",
        ROWS,
        VOCAB,
        HIDDEN,
        false,
    );
    product(c, "tables: E · W₁ⱼ", VOCAB, EMBEDDING, HIDDEN, false);
    product(
        c,
        "gradient of W₁ⱼ: Eᵀ · Gⱼ",
        EMBEDDING,
        VOCAB,
        HIDDEN,
        true,
    );
    product(
        c,
        "gradient of E: Gⱼ · W₁ⱼᵀ",
        VOCAB,
        HIDDEN,
        EMBEDDING,
        false,
    );
    product(c, "hidden layer: 256 → 256", ROWS, 256, 256, false);
}

fn rows(c: &mut Criterion) {
    let width = padded(HIDDEN);
    let tokens: Vec<u16> = (0..ROWS * CONTEXT)
        .map(|i| (i * 7 % VOCAB) as u16)
        .collect();
    let contexts = Contexts {
        tokens: &tokens,
        length: CONTEXT,
        vocab_size: VOCAB,
    };
    let (tables, bias) = (numbers(CONTEXT * VOCAB * width), numbers(width));
    let mut out = vec![0.0; ROWS * width];
    bench(c, "sum of table rows", ROWS * CONTEXT * width, |kernels| {
        kernels.sum_rows(black_box(contexts), &tables, &bias, width, &mut out);
    });
    let deltas = numbers(ROWS * width);
    let (mut grads, mut bias_grad) = (tables.clone(), bias.clone());
    bench(
        c,
        "gradient of table rows",
        ROWS * CONTEXT * width,
        |kernels| {
            kernels.scatter_rows(
                black_box(contexts),
                &deltas,
                width,
                &mut grads,
                &mut bias_grad,
            );
        },
    );
    bench(c, "column sums", ROWS * width, |kernels| {
        kernels.sum_columns(black_box(&deltas), width, &mut bias_grad);
    });
    let mut transposed = vec![0.0; HIDDEN * padded(VOCAB)];
    let matrix = numbers(HIDDEN * padded(VOCAB));
    bench(c, "transpose of W", HIDDEN * VOCAB, |kernels| {
        kernels.transpose(
            HIDDEN,
            VOCAB,
            black_box(&matrix),
            padded(VOCAB),
            &mut transposed,
            width,
        );
    });
}

fn elementwise(c: &mut Criterion) {
    let len = ROWS * padded(HIDDEN);
    let inputs = numbers(len);
    let (mut values, mut slopes) = (inputs.clone(), inputs.clone());
    bench(c, "tanh", len, |kernels| {
        values.copy_from_slice(&inputs);
        kernels.tanh(black_box(&mut values));
    });
    bench(c, "tanh backward", len, |kernels| {
        kernels.tanh_backward(black_box(&inputs), &mut values);
    });
    bench(c, "relu", len, |kernels| {
        kernels.relu(black_box(&mut values))
    });
    bench(c, "gelu and its slope", len, |kernels| {
        values.copy_from_slice(&inputs);
        kernels.gelu(black_box(&mut values), &mut slopes);
    });
    let stride = padded(VOCAB);
    let logits = numbers(ROWS * stride);
    let (mut probs, weights, mut sums) = (logits.clone(), vec![1.0; ROWS], vec![0.0; ROWS]);
    bench(c, "softmax", ROWS * VOCAB, |kernels| {
        probs.copy_from_slice(&logits);
        kernels.softmax(black_box(&mut probs), stride, VOCAB, &weights, &mut sums);
    });
}

fn optimizer(c: &mut Criterion) {
    let grads = numbers(PARAMS);
    let mut params = grads.clone();
    let (mut first, mut second) = (vec![0.0; PARAMS], vec![0.0; PARAMS]);
    let step = AdamW {
        learning_rate: 1e-3,
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
        weight_decay: 0.01,
        first_correction: 1.0,
        second_correction: 1.0,
    };
    bench(c, "adamw", PARAMS, |kernels| {
        kernels.adamw(
            step,
            &mut params,
            black_box(&grads),
            &mut first,
            &mut second,
        );
    });
    bench(c, "sgd", PARAMS, |kernels| {
        kernels.sgd(1e-3, &mut params, black_box(&grads))
    });
}

/// The machine's limit: independent multiply-adds whose operands stay in registers.
fn limit(c: &mut Criterion) {
    #[cfg(target_arch = "x86_64")]
    {
        const TIMES: usize = 1000;
        let mut group = c.benchmark_group("limit of multiply-adds");
        if std::arch::is_x86_feature_detected!("avx512f") {
            group.throughput(Throughput::Elements((TIMES * 24 * 16 * 2) as u64));
            // SAFETY: the processor has AVX-512F.
            group.bench_function("avx512", |b| b.iter(|| unsafe { x86_64::avx512(TIMES) }));
        }
        if std::arch::is_x86_feature_detected!("fma") {
            group.throughput(Throughput::Elements((TIMES * 12 * 8 * 2) as u64));
            // SAFETY: the processor has FMA, and so AVX as well.
            group.bench_function("avx2", |b| b.iter(|| unsafe { x86_64::avx2(TIMES) }));
        }
        group.finish();
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = c;
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::{
        __m256, __m512, _mm256_fmadd_ps, _mm256_set1_ps, _mm512_fmadd_ps, _mm512_set1_ps,
    };
    use std::hint::black_box;

    /// 24 chains of 512-bit multiply-adds.
    #[target_feature(enable = "avx512f")]
    pub fn avx512(times: usize) -> [__m512; 24] {
        let factor = black_box(_mm512_set1_ps(0.999));
        let mut sums = [_mm512_set1_ps(1.0); 24];
        for _ in 0..times {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, factor, factor);
            }
        }
        black_box(sums)
    }

    /// 12 chains of 256-bit multiply-adds.
    #[target_feature(enable = "avx,fma")]
    pub fn avx2(times: usize) -> [__m256; 12] {
        let factor = black_box(_mm256_set1_ps(0.999));
        let mut sums = [_mm256_set1_ps(1.0); 12];
        for _ in 0..times {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, factor, factor);
            }
        }
        black_box(sums)
    }
}

criterion_group!(benches, limit, products, rows, elementwise, optimizer);
criterion_main!(benches);
