//! Minutes of training, saving, reading, generating and scoring in one process, and of programs that write
//! or score names without end: memory stays where it was. `./test --long` runs them.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Read;
use std::num::NonZeroUsize;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nextchar::LanguageModel;
use nextchar::Workers;
use nextchar::combine::mixture::{Mixture, Weights};
use nextchar::counts::KneserNey;
use nextchar::data::{CountedWindows, EmbeddedList, ReadOptions, SplitOptions, split};
use nextchar::model::{Activation, ModelConfig};
use nextchar::rng::Seed;
use nextchar::sample::{Conditions, Generator, Request};
use nextchar::score::token_log_probs;
use nextchar::train::{BatchKind, Engine, Tables, TrainConfig, train};
use nextchar_formats::{ModelFile, Record};

/// How long each test runs; `NEXTCHAR_MINUTES` changes it. It runs on until its caches are full.
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

/// The time that a process was given by the processors, which others may need too.
fn processor_time(process: &str) -> Duration {
    const TICKS_A_SECOND: u64 = 100; // Linux tells it so everywhere
    let told = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // After the name in brackets: the 12th and 13th are the time in the program and in the system.
    let fields = told.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(1000 / TICKS_A_SECOND * ticks)
}

/// Memory that is looked at now and then, by the work that was done until then: the clock says little on a
/// machine that others use.
struct Looks {
    what: &'static str,
    /// No look may find more, in kilobytes.
    most: u64,
    begun: Instant,
    time: Duration,
    found: Vec<(u64, u64)>,
}

impl Looks {
    fn new(what: &'static str, most: u64, time: Duration) -> Self {
        Looks {
            what,
            most,
            begun: Instant::now(),
            time,
            found: Vec::new(),
        }
    }

    /// Looks at a process after so much work; false when enough is known: the time is over, and in the
    /// last half of the work nothing was added. Before that, caches fill; for ever they do not.
    fn again(&mut self, work: u64, process: &str) -> bool {
        /// Looks at the last half of the work that are needed to say so.
        const ENOUGH: usize = 20;
        let (what, most, found) = (self.what, self.most, memory(process));
        assert!(found > 0, "{what}: it ended");
        assert!(found <= most, "{what}: {found} kB, more than {most}");
        self.found.push((work, found));
        let half = self.found.partition_point(|look| look.0 < work / 2);
        let (early, before) = self.found[half];
        let latest = self.found[half..].iter().map(|look| look.1).max();
        let constant =
            latest <= Some(before + before / 100 + 2048) && self.found.len() - half >= ENOUGH;
        let elapsed = self.begun.elapsed();
        if constant && elapsed >= self.time {
            eprintln!(
                "{what}: {before} kB after {early}, {found} kB after {work}, {:.0} s",
                elapsed.as_secs_f64()
            );
            return false;
        }
        assert!(
            processor_time(process) < 4 * self.time + Duration::from_secs(300),
            "{what}: memory grows, by work and kilobytes: {:?}",
            self.found
        );
        true
    }
}

/// One round of everything, each with a seed of its own.
fn round(seed: u64, threads: &Workers) {
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
        labels: 0,
    };
    let config = TrainConfig {
        batch: BatchKind::Passes(600),
        steps: 60,
        evaluate_every: 20,
        dropout: 0.1,
        averaging: 0.9,
        seed: Seed::from(seed),
        ..TrainConfig::default()
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
    let threads = Workers::threads(NonZeroUsize::new(2).unwrap()).unwrap();
    let mut looks = Looks::new("rounds", 200_000, time());
    for rounds in 1.. {
        round(rounds, threads);
        if !looks.again(rounds, "self") {
            break;
        }
    }
}

/// A child that is killed with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn nextchar(arguments: &[&str], input: Stdio) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nextchar"));
    command.args(arguments).stdin(input).stdout(Stdio::piped());
    Running(command.spawn().unwrap())
}

/// Reads what a program prints until memory is known to be constant; the work is the lines.
fn watch(what: &'static str, mut program: Running) {
    // The caches hold at most 384 MB (`bounds`) or 256 MB (`lazy`), and the rest of the program is small.
    let mut looks = Looks::new(what, 512 << 10, time() / 3);
    let (process, mut out) = (program.0.id().to_string(), program.0.stdout.take().unwrap());
    let (mut buffer, mut lines) = (vec![0; 1 << 20], 0);
    let (mut last, mut seen) = (Instant::now(), 0);
    loop {
        let read = out.read(&mut buffer).unwrap();
        lines += buffer[..read].iter().filter(|&&byte| byte == b'\n').count() as u64;
        if last.elapsed() > Duration::from_millis(250) && lines > seen {
            (last, seen) = (Instant::now(), lines);
            if !looks.again(lines, &process) {
                break;
            }
        }
    }
}

const ENDLESS: [&str; 3] = ["generate", "-n", "1000000000"];

#[test]
#[ignore = "minutes"]
fn names_without_end_take_constant_memory() {
    let constrained = [&ENDLESS[..], &["--suffix", "a"]].concat();
    watch("generate", nextchar(&ENDLESS, Stdio::null()));
    watch("generate --suffix a", nextchar(&constrained, Stdio::null()));
}

#[test]
#[ignore = "minutes"]
fn words_without_end_are_scored_in_constant_memory() {
    let mut words = nextchar(&ENDLESS, Stdio::null());
    let words = Stdio::from(words.0.stdout.take().unwrap());
    watch("score", nextchar(&["score", "--file", "-"], words));
}
