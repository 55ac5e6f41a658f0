//! Model files and checkpoints.

use std::cell::Cell;
use std::collections::BTreeMap;

use nextchar_core::combine::mixture::{Mixture, Weights};
use nextchar_core::counts::KneserNey;
use nextchar_core::data::{CountedWindows, NameList, Split, SplitOptions, split};
use nextchar_core::model::{Activation, Init, ModelConfig, Network, Params};
use nextchar_core::rng::Seed;
use nextchar_core::sample::{Conditions, Generator, Request};
use nextchar_core::text::Vocab;
use nextchar_core::train::{
    BatchKind, Engine, Observer, Tables, TrainConfig, TrainState, resume, train,
};
use nextchar_core::{LanguageModel, Serial};
use nextchar_formats::{Checkpoint, Losses, ModelFile, Record, state_dict};

use crate::hostile;

/// The memory that reading a file may hold at once, without counts: 1 MB, and 100 bytes for each byte of the file.
fn allowed(size: usize) -> u64 {
    (1 << 20) + 100 * size as u64
}

fn vocab() -> Vocab {
    Vocab::from_characters("abcd".chars()).unwrap()
}

fn names(count: u64) -> Split {
    let texts = [
        "abba", "dada", "cab", "bad", "dab", "abcd", "a", "bacca", "add", "cadd",
    ];
    let list = NameList::from_names(texts.map(|text| (text, count)));
    split(list, &SplitOptions::default())
}

fn shape(hidden_sizes: Vec<usize>) -> ModelConfig {
    ModelConfig {
        vocab_size: 5,
        context_length: 2,
        embedding_dim: 2,
        hidden_sizes,
        activation: Activation::Gelu,
        residual: true,
        labels: 0,
    }
}

fn network(hidden_sizes: Vec<usize>) -> Network {
    let shape = shape(hidden_sizes);
    let params = Params::init(&shape, Init::Kaiming, &Seed::from(1));
    Network::new(shape, params).unwrap()
}

/// Small models of every kind.
fn models() -> Vec<Vec<u8>> {
    let parts = names(1);
    let counts = KneserNey::fit(&parts.train, &vocab(), 3, &Serial).unwrap();
    let weights = Weights {
        networks: 0.6,
        counts: 0.4,
    };
    let kinds = [
        (vec![network(vec![3])], None, true, 1),
        (vec![network(vec![])], None, true, 3),
        (vec![network(vec![3]), network(vec![4, 4])], None, false, 1),
        (vec![network(vec![3])], Some(counts.clone()), true, 1),
        (vec![network(vec![3])], Some(counts.clone()), false, 1),
        (vec![], Some(counts), false, 2),
    ];
    let file = |(networks, counts, with_names, count): (_, _, bool, _)| {
        let parts = names(count);
        let mut model = Mixture::new(networks, counts, weights).unwrap();
        if with_names && count > 1 {
            let list = &parts.train;
            model.fit_repeats(list, &vocab(), &Serial).unwrap();
        }
        let file = ModelFile {
            vocab: vocab(),
            model,
            bigrams: CountedWindows::from_list(&parts.train, &vocab(), 1).unwrap(),
            record: Record {
                data_hash: parts.train.digest(),
                split: Some(SplitOptions::default()),
                longest_name: 6,
                options: [("preset".to_owned(), "fast".into())].into(),
                losses: Losses {
                    counting: None,
                    train: 2.1,
                    val: Some(0.3),
                    test: None,
                },
                ..Record::default()
            },
            names: with_names.then_some(parts),
        };
        file.to_bytes().unwrap()
    };
    let mut files: Vec<Vec<u8>> = kinds.into_iter().map(file).collect();
    let bare = [network(vec![3]), network(vec![3])];
    files.push(state_dict::to_bytes(&vocab(), &bare[..1], 6).unwrap());
    files.push(state_dict::to_bytes(&vocab(), &bare, 6).unwrap());
    files
}

/// What every user of a model does: compute probabilities, draw a few names, and save it again.
fn use_model(file: &ModelFile) {
    let context = vec![0; file.model.context_length()];
    let log_probs = file.model.next_log_probs(&context);
    assert!(
        log_probs
            .iter()
            .all(|log_prob| *log_prob <= 1e-9 || log_prob.is_nan())
    );
    let request = Request {
        count: 2,
        conditions: Conditions {
            max_length: file.record.longest_name.max(1),
            ..Conditions::default()
        },
        ..Request::default()
    };
    if let Ok(names) = Generator::new(&file.model, &file.vocab, request, &Seed::from(1), &Serial) {
        assert!(names.count() <= 2);
    }
    file.to_bytes().unwrap();
}

#[test]
fn damaged_models_are_read_or_refused() {
    let models = models();
    let (read, refused) = (Cell::new(0u64), Cell::new(0u64));
    hostile("models", 6000, allowed, |damage, meter| {
        let mut bytes = damage.pick(&models).clone();
        damage.safetensors(&mut bytes);
        match meter.read(bytes.len(), || ModelFile::from_bytes(&bytes)) {
            Ok(file) => {
                read.set(read.get() + 1);
                use_model(&file);
            }
            Err(error) => {
                refused.set(refused.get() + 1);
                assert!(error.to_string().len() > 10, "{error}");
            }
        }
    });
    // The damage must not always be harmless, and must not always be detected by the first check.
    assert!(
        read.get() > 100 && refused.get() > 1000,
        "{read:?} {refused:?}"
    );
}

/// A checkpoint of a run that was stopped after some step, with its options and table.
fn checkpoint(batch: BatchKind) -> (Vec<u8>, TrainConfig, CountedWindows) {
    struct Keep(Option<TrainState>);
    impl Observer for Keep {
        fn between_steps(&mut self, steps_done: u64, state: &dyn Fn() -> TrainState) {
            if steps_done == 9 {
                self.0 = Some(state());
            }
        }
    }
    let table = CountedWindows::from_list(&names(1).train, &vocab(), 2).unwrap();
    let config = TrainConfig {
        batch,
        steps: 12,
        evaluate_every: 4,
        portable: true,
        dropout: 0.1,
        batch_norm: matches!(batch, BatchKind::Passes(_)),
        averaging: 0.9,
        seed: Seed::from(1),
        ..TrainConfig::default()
    };
    let tables = Tables {
        train: &table,
        val: None,
    };
    let mut keep = Keep(None);
    let engine = Engine::new(&Serial);
    let trained = train(&shape(vec![3]), &config, tables, &engine, &mut keep).unwrap();
    let text = |text: &str| text.to_owned();
    let checkpoint = Checkpoint {
        program: text("0.1.0"),
        options: BTreeMap::from([(text("--hidden"), text("3"))]),
        arguments: BTreeMap::from([(text("hidden"), vec![text("--hidden=3")])]),
        shape: shape(vec![3]),
        finished: vec![trained],
        state: keep.0,
    };
    (checkpoint.to_bytes().unwrap(), config, table)
}

#[test]
fn damaged_checkpoints_are_read_or_refused() {
    let kinds = [BatchKind::Full, BatchKind::Passes(5), BatchKind::Windows(4)].map(checkpoint);
    let (read, resumed) = (Cell::new(0u64), Cell::new(0u64));
    hostile("checkpoints", 6000, allowed, |damage, meter| {
        let (bytes, config, table) = damage.pick(&kinds);
        let mut bytes = bytes.clone();
        damage.safetensors(&mut bytes);
        match meter.read(bytes.len(), || Checkpoint::from_bytes(&bytes)) {
            Ok(checkpoint) => {
                read.set(read.get() + 1);
                checkpoint.to_bytes().unwrap();
                if let (Some(state), true) = (checkpoint.state, checkpoint.shape == shape(vec![3]))
                {
                    let tables = Tables {
                        train: table,
                        val: None,
                    };
                    let engine = Engine::new(&Serial);
                    let run = resume(&checkpoint.shape, config, tables, &engine, state, &mut ());
                    resumed.set(resumed.get() + u64::from(run.is_ok()));
                }
            }
            Err(error) => assert!(error.to_string().len() > 10, "{error}"),
        }
    });
    assert!(
        read.get() > 100 && resumed.get() > 100,
        "{read:?} {resumed:?}"
    );
}

/// Small files with large claims: memory stays within its bound.
#[test]
fn bombs_are_refused_or_small() {
    let measured = |what: &str, bytes: &[u8], most: u64| {
        let mut read = None;
        let used = allocation_counter::measure(|| read = Some(ModelFile::from_bytes(bytes)));
        eprintln!(
            "{what}: {} bytes of memory for {}",
            used.bytes_max,
            bytes.len()
        );
        assert!(used.bytes_max <= most, "{what}: {} bytes", used.bytes_max);
        read.unwrap().map(drop)
    };
    // Tables of 2 billion values from 200,000 parameters.
    let alphabet: String = ('\u{4e00}'..).take(20_000).collect();
    let file = |shape: &ModelConfig, vocab: Vocab| {
        let params = Params::zeros(shape);
        let small = network(vec![3]);
        let template = ModelFile {
            vocab,
            model: small.into(),
            names: None,
            bigrams: CountedWindows::from_names([(&[1u16][..], 1)], shape.vocab_size, 1).unwrap(),
            record: Record::default(),
        };
        forge(&template, shape, &params)
    };
    let shape = ModelConfig {
        vocab_size: 20_001,
        context_length: 7,
        embedding_dim: 1,
        hidden_sizes: vec![16_384, 1],
        ..shape(vec![])
    };
    let bytes = file(&shape, Vocab::from_characters(alphabet.chars()).unwrap());
    let error = measured("tables", &bytes, allowed(bytes.len())).unwrap_err();
    assert!(error.to_string().contains("too much memory"), "{error}");

    // Counts of every length up to 63 of random names over two characters: the most that names can decode to.
    let vocab = Vocab::from_characters("ab".chars()).unwrap();
    let mut damage = crate::mutate::Damage::new(0);
    let mut letters = |_| ['a', 'b'][damage.below(2)];
    let texts: Vec<String> = (0..5)
        .map(|_| (0..1000).map(&mut letters).collect())
        .collect();
    let list = NameList::from_names(texts.iter().map(|text| (text, 1)));
    let parts = Split {
        train: list,
        ..Split::default()
    };
    let counts = KneserNey::fit(&parts.train, &vocab, 63, &Serial).unwrap();
    let bombs = ModelFile {
        bigrams: CountedWindows::from_list(&parts.train, &vocab, 1).unwrap(),
        vocab,
        model: counts.into(),
        names: Some(parts),
        record: Record::default(),
    };
    let bytes = bombs.to_bytes().unwrap();
    let read = measured("counts", &bytes, 16_000 * bytes.len() as u64);
    assert!(read.is_ok());
}

/// The bytes of a model whose network tensors are replaced by those of another.
fn forge(template: &ModelFile, shape: &ModelConfig, params: &Params) -> Vec<u8> {
    let bytes = template.to_bytes().unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let json = &header.metadata().as_ref().unwrap()["nextchar"];
    let mut metadata: serde_json::Value = serde_json::from_str(json).unwrap();
    metadata["networks"] = serde_json::to_value([shape]).unwrap();
    let names = Params::<f32>::tensor_infos(shape);
    let data: Vec<(String, Vec<usize>, Vec<u8>)> = names
        .into_iter()
        .zip(params.tensors())
        .map(|(info, values)| {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes());
            (info.name, info.shape, bytes.collect())
        })
        .collect();
    use safetensors::tensor::{Dtype, TensorView};
    let forged = data.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
        (name.clone(), view)
    });
    let kept = tensors
        .tensors()
        .into_iter()
        .filter(|(name, _)| name.starts_with("nextchar."));
    let metadata = [("nextchar".to_owned(), metadata.to_string())].into();
    safetensors::serialize(forged.chain(kept), Some(metadata)).unwrap()
}
