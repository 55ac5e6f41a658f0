//! Names per second as tokens: the sampler's own rate, without starting a program and without making text.
//!
//! `cargo bench -p nextchar-parallel --bench names -- MODEL NAMES THREADS LONGEST` prints JSON. Every token is read
//! once, to count characters and to compute a checksum that does not depend on the number of threads.

use std::time::Instant;

use nextchar_core::rng::Seed;
use nextchar_core::sample::{Conditions, Generator, Request};
use nextchar_formats::ModelFile;
use nextchar_parallel::Threads;

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let [model, names, threads, longest] = args.as_slice() else {
        // `cargo test --benches` and the like: nothing to measure.
        return eprintln!("usage: names MODEL NAMES THREADS LONGEST");
    };
    let file = ModelFile::from_bytes(&std::fs::read(model).expect("a model")).expect("a model");
    let threads = Threads::new(threads.parse().expect("a number of threads")).expect("threads");
    let request = Request {
        count: names.parse().expect("a number of names"),
        conditions: Conditions {
            max_length: longest.parse().expect("a longest name"),
            ..Conditions::default()
        },
        ..Request::default()
    };
    let start = Instant::now();
    let mut generator =
        Generator::new(&file.model, &file.vocab, request, &Seed::from(42), &threads)
            .expect("names");
    let (mut names, mut letters, mut checksum) = (0, 0, 0u64);
    while let Some(batches) = generator.next_batches() {
        for batch in batches {
            names += batch.len();
            letters += batch.tokens().len() - batch.len();
            let sum: u64 = batch.tokens().iter().map(|&token| u64::from(token)).sum();
            checksum = checksum.rotate_left(1).wrapping_add(sum);
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({
            "names": names, "letters": letters, "seconds": seconds, "checksum": checksum,
        })
    );
}
