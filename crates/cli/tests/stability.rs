//! Minutes of training, saving, reading, generating and scoring in one process, and of a program that
//! writes names without end: memory stays where it was. `./test --long` runs them.
#![cfg(target_os = "linux")]

use std::fs;
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nextchar::LanguageModel;
use nextchar::data::{CountedWindows, EmbeddedList, ReadOptions, SplitOptions, split};
use nextchar::mixture::{Mixture, Weights};
use nextchar::model::{Activation, Init, ModelConfig};
use nextchar::ngram::KneserNey;
use nextchar::optim::{BatchKind, Engine, Optimizer, Schedule, Tables, TrainConfig, train};
use nextchar::rng::Seed;
use nextchar::sample::{Conditions, Generator, Request};
use nextchar::score::token_log_probs;
use nextchar_formats::{ModelFile, Record};
use nextchar_parallel::Threads;

/// How long each test runs; `NEXTCHAR_MINUTES` changes it. In fewer than three, the caches of generation
/// (300 MB) are still filling, which looks like growth.
fn time() -> Duration {
    let minutes = std::env::var("NEXTCHAR_MINUTES").ok();
    let minutes = minutes.map_or(5.0, |text| {
        text.parse().expect("NEXTCHAR_MINUTES is a number")
    });
    Duration::from_secs_f64(60.0 * minutes)
}

/// Memory of a process that is in use, in kilobytes.
fn memory(process: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.map_or(0, |number| number.parse().unwrap())
}

/// The most memory in the second quarter of some looks, and in the last: the first is for caches to fill.
fn assert_constant(looks: &[u64]) {
    assert!(looks.len() >= 8, "only {} looks", looks.len());
    let quarter = looks.len() / 4;
    let most = |part: &[u64]| part.iter().copied().max().unwrap_or(0);
    let (early, late) = (
        most(&looks[quarter..2 * quarter]),
        most(&looks[3 * quarter..]),
    );
    eprintln!("{} looks: {early} kB early, {late} kB late", looks.len());
    assert!(
        late <= early + early / 20 + 2048,
        "memory grows: {early} kB early, {late} kB late"
    );
}

/// One round of everything, each with a seed of its own.
fn round(seed: u64, threads: &Threads) {
    let list = EmbeddedList::find("finnish-names").unwrap();
    let (names, _) = list.scan(&ReadOptions::default()).unwrap();
    let vocab = names.vocab(list.alphabet).unwrap();
    let parts = split(names, &SplitOptions::default());
    let windows = |names| CountedWindows::from_list(names, &vocab, 4).unwrap();
    let (table, val) = (windows(&parts.train), windows(&parts.val));
    let shape = ModelConfig {
        vocab_size: vocab.len(),
        context_length: 4,
        embedding_dim: 8,
        hidden_sizes: vec![32, 32],
        activation: Activation::Gelu,
        residual: true,
    };
    let config = TrainConfig {
        init: Init::Kaiming,
        optimizer: Optimizer::AdamW {
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 1e-8,
            weight_decay: 0.1,
        },
        learning_rate: 0.01,
        schedule: Schedule::Cosine,
        batch: BatchKind::Passes(600),
        steps: 60,
        evaluate_every: 20,
        patience: None,
        target_loss: None,
        portable: false,
        dropout: 0.1,
        batch_norm: false,
        averaging: 0.9,
        seed: Seed::from(seed),
    };
    let tables = Tables {
        train: &table,
        val: Some(&val),
    };
    let trained = train(&shape, &config, tables, &Engine::new(threads), &mut ()).unwrap();
    let counts = KneserNey::fit(&parts.train, &vocab, 4, threads).unwrap();
    let file = ModelFile {
        bigrams: CountedWindows::from_list(&parts.train, &vocab, 1).unwrap(),
        vocab,
        model: Mixture::new(vec![trained.network], Some(counts), Weights::default()).unwrap(),
        names: Some(parts),
        record: Record::default(),
    };
    let file = ModelFile::from_bytes(&file.to_bytes().unwrap()).unwrap();
    let request = Request {
        count: 100,
        conditions: Conditions {
            max_length: 12,
            contains: vec!["a".into()],
            ..Conditions::default()
        },
        unique: true,
        ..Request::default()
    };
    let drawn = Generator::new(
        &file.model,
        &file.vocab,
        request,
        &Seed::from(seed),
        threads,
    )
    .unwrap();
    for name in drawn {
        let word = file.vocab.encode(&name.name).unwrap();
        let scored: f64 = token_log_probs(&file.model, &word).iter().sum();
        assert!((scored - name.log_prob).abs() < 1e-9 && file.model.vocab_size() == 27);
    }
}

#[test]
#[ignore = "minutes"]
fn rounds_of_everything_take_constant_memory() {
    let threads = Threads::new(NonZeroUsize::new(2).unwrap()).unwrap();
    let (begun, mut looks) = (Instant::now(), Vec::new());
    while begun.elapsed() < time() {
        round(looks.len() as u64, &threads);
        looks.push(memory("self"));
    }
    assert_constant(&looks);
}

#[test]
#[ignore = "minutes"]
fn names_without_end_take_constant_memory() {
    let program = env!("CARGO_BIN_EXE_nextchar");
    for options in [&["--suffix", "a"][..], &[]] {
        let mut child = Command::new(program)
            .args(["generate", "-n", "1000000000"])
            .args(options)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let (begun, mut looks) = (Instant::now(), Vec::new());
        while begun.elapsed() < time() / 2 {
            std::thread::sleep(time() / 200);
            assert!(child.try_wait().unwrap().is_none(), "it ended");
            looks.push(memory(&child.id().to_string()));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_constant(&looks);
    }
}
