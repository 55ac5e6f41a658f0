//! The model file: what is written can be read back, and every fault is reported.

use std::collections::HashMap;

use nextchar_core::combine::mixture::{Mixture, Weights};
use nextchar_core::counts::KneserNey;
use nextchar_core::data::{CountedWindows, NameList, SplitOptions, split};
use nextchar_core::model::{Activation, Init, ModelConfig, Network, Params};
use nextchar_core::rng::Seed;
use nextchar_core::text::Vocab;
use nextchar_core::{LanguageModel, Serial};
use nextchar_formats::{
    FormatError, Losses, MetadataFault, ModelFile, Record, is_model_file, last_bytes,
};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

fn model(hidden_sizes: Vec<usize>, seed: u64, count: u64, with_names: bool) -> ModelFile {
    let vocab = Vocab::az();
    let texts = [
        "aabid", "aashid", "aadesh", "asha", "ravi", "zeel", "mina", "omar", "uma", "jay",
    ];
    let names = NameList::from_names(texts.map(|text| (text, count)));
    let parts = split(names, &SplitOptions::default());
    let bigrams = CountedWindows::from_list(&parts.train, &vocab, 1).unwrap();
    let config = ModelConfig {
        vocab_size: vocab.len(),
        context_length: 2,
        embedding_dim: 3,
        hidden_sizes,
        activation: Activation::Tanh,
        residual: false,
        labels: 0,
    };
    let params = Params::init(&config, Init::Kaiming, &Seed::from(seed));
    ModelFile {
        record: Record {
            data_hash: parts.train.digest(),
            split: Some(SplitOptions::default()),
            longest_name: 6,
            options: [("preset".to_owned(), "fast".into())].into(),
            losses: Losses {
                counting: None,
                train: 2.1,
                val: Some(0.1 + 0.2),
                test: None,
            },
            ..Record::default()
        },
        model: Network::new(config, params).unwrap().into(),
        names: with_names.then_some(parts),
        bigrams,
        vocab,
    }
}

#[test]
fn a_file_ends_with_its_names() {
    let file = model(vec![5], 1, 1, true);
    let end = last_bytes(file.names.as_ref().unwrap());
    assert!(file.to_bytes().unwrap().ends_with(&end));
}

fn bytes() -> Vec<u8> {
    model(vec![5], 1, 1, true).to_bytes().unwrap()
}

/// The tensors of a file, to be changed and written again.
type Tensors = Vec<(String, Dtype, Vec<usize>, Vec<u8>)>;

/// Writes the file again after `change`.
fn forge(change: impl FnOnce(&mut Tensors, &mut String)) -> FormatError {
    let original = bytes();
    let (_, header) = SafeTensors::read_metadata(&original).unwrap();
    let mut json = header.metadata().as_ref().unwrap()["nextchar"].clone();
    let mut tensors: Tensors = SafeTensors::deserialize(&original)
        .unwrap()
        .tensors()
        .into_iter()
        .map(|(name, t)| (name, t.dtype(), t.shape().to_vec(), t.data().to_vec()))
        .collect();
    change(&mut tensors, &mut json);
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (
            name.clone(),
            TensorView::new(*dtype, shape.clone(), bytes).unwrap(),
        )
    });
    let metadata = HashMap::from([("nextchar".to_owned(), json)]);
    let forged = safetensors::serialize(views, Some(metadata)).unwrap();
    ModelFile::from_bytes(&forged).expect_err("the forged file was accepted")
}

fn tensor<'a>(
    tensors: &'a mut Tensors,
    name: &str,
) -> &'a mut (String, Dtype, Vec<usize>, Vec<u8>) {
    tensors.iter_mut().find(|tensor| tensor.0 == name).unwrap()
}

/// Models with repeat names predict the same after a round trip, and need their names.
#[test]
fn names_that_return_come_back() {
    let mut written = model(vec![5], 7, 3, true);
    let names = written.names.as_mut().unwrap();
    let often = names.train.names().enumerate();
    let often = often.map(|(place, name)| (name.text.to_owned(), 1 + 3 * (place as u64 % 2)));
    names.train = NameList::from_names(often);
    let train = names.train.clone();
    written
        .model
        .fit_repeats(&train, &written.vocab, &Serial)
        .unwrap();
    let bytes = written.to_bytes().unwrap();
    let read = ModelFile::from_bytes(&bytes).unwrap();
    let factors = |file: &ModelFile| file.model.repeats().unwrap().factors();
    assert_eq!(factors(&read), factors(&written));
    assert!(written.model.repeats().unwrap().own().count() > 0);
    assert_eq!(read.to_bytes().unwrap(), bytes);
    let table = CountedWindows::from_list(&train, &read.vocab, read.model.context_length());
    let loss = |file: &ModelFile| {
        nextchar_core::language_model::loss(&file.model, table.as_ref().unwrap(), &Serial)
    };
    assert_eq!(loss(&read), loss(&written));
    written.names = None;
    let error = written.to_bytes().unwrap_err();
    assert!(error.to_string().contains("without the names"), "{error}");
}

/// A model that gives its own names almost no probability has huge factors; its file can be read nevertheless.
#[test]
fn names_that_return_to_an_ignorant_model_come_back() {
    let mut written = model(vec![5], 7, 1, true);
    let long = ["qxzjqxzjqxzjqx", "zzxxqqjjvvwwkk"].map(|name| (name, 9));
    let train = NameList::from_names(long);
    written.names.as_mut().unwrap().train = train.clone();
    written
        .model
        .fit_repeats(&train, &written.vocab, &Serial)
        .unwrap();
    let factors = written.model.repeats().unwrap().factors();
    assert!(factors.known[2] > 1e15, "{factors:?}");
    let read = ModelFile::from_bytes(&written.to_bytes().unwrap()).unwrap();
    assert_eq!(read.model.repeats().unwrap().factors(), factors);
}

#[test]
fn a_model_comes_back_as_it_was() {
    for (hidden, count, with_names) in [
        (vec![5], 1, true),
        (vec![], 3, true),
        (vec![4, 6], 1, false),
    ] {
        let written = model(hidden, 7, count, with_names);
        let bytes = written.to_bytes().unwrap();
        assert!(is_model_file(&bytes));
        let read = ModelFile::from_bytes(&bytes).unwrap();
        assert_eq!(
            read.model.networks()[0].params(),
            written.model.networks()[0].params()
        );
        assert_eq!(
            read.model.networks()[0].config(),
            written.model.networks()[0].config()
        );
        assert_eq!(
            (read.vocab.clone(), read.record.clone()),
            (written.vocab.clone(), written.record.clone())
        );
        assert_eq!(read.bigrams, written.bigrams);
        let digests = |model: &ModelFile| {
            model
                .names
                .as_ref()
                .map(|n| [&n.train, &n.val, &n.test].map(NameList::digest))
        };
        assert_eq!(digests(&read), digests(&written));
        // Equal models give equal bytes, also after a round trip.
        assert_eq!(read.to_bytes().unwrap(), bytes);
    }
}

#[test]
fn tensors_have_pytorchs_names_and_shapes() {
    let bytes = bytes();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    for (name, shape) in [
        ("embedding.weight", vec![27, 3]),
        ("hidden.0.weight", vec![5, 6]),
        ("hidden.0.bias", vec![5]),
        ("output.weight", vec![27, 5]),
        ("output.bias", vec![27]),
    ] {
        assert_eq!(tensors.tensor(name).unwrap().shape(), shape, "{name}");
    }
}

#[test]
fn other_files_are_told_apart() {
    use FormatError::{NotNextchar, NotSafetensors};
    let read = |bytes: &[u8]| ModelFile::from_bytes(bytes).unwrap_err();
    assert!(matches!(read(b""), NotSafetensors(_)));
    assert!(matches!(read(b"aabid\nzeel\n"), NotSafetensors(_)));
    let whole = bytes();
    assert!(matches!(read(&whole[..whole.len() - 1]), NotSafetensors(_)));
    let mut huge = whole.clone();
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(read(&huge), NotSafetensors(_)));
    let none: [(&str, TensorView<'_>); 0] = [];
    let other = safetensors::serialize(none, None).unwrap();
    assert!(matches!(read(&other), NotNextchar));
    assert!(!is_model_file(&other) && !is_model_file(b"aabid\n"));
}

#[test]
fn each_fault_has_its_name() {
    let error =
        forge(|_, json| *json = json.replace("\"format_version\":1", "\"format_version\":3"));
    assert!(
        matches!(error, FormatError::FutureVersion { found: 3, .. }),
        "{error}"
    );
    let error = forge(|_, json| *json = "{".into());
    let fault = |error| match error {
        FormatError::BadMetadata(fault) => fault,
        error => panic!("{error}"),
    };
    assert!(matches!(fault(error), MetadataFault::Json(_)));
    let error = forge(|_, json| *json = json.replace("abcdef", "abcde"));
    let fault = fault(error);
    assert!(
        matches!(fault, MetadataFault::OtherAlphabet { .. }),
        "{fault}"
    );
    let error =
        forge(|_, json| *json = json.replace("\"context_length\":2", "\"context_length\":99"));
    assert!(matches!(error, FormatError::Model(_)), "{error}");
    let error = forge(|_, json| {
        *json = json.replace("\"longest_name\":6", "\"longest_name\":9000000000000000");
    });
    assert!(error.to_string().contains("a longest name"), "{error}");
    let error = forge(|_, json| *json = json.replace("[5]", "[16384,16384]"));
    assert!(matches!(error, FormatError::Model(_)), "{error}");
    let error = forge(|tensors, _| tensors.retain(|tensor| tensor.0 != "output.bias"));
    assert!(
        matches!(&error, FormatError::MissingTensor(name) if name == "output.bias"),
        "{error}"
    );
    let error = forge(|tensors, _| tensor(tensors, "output.bias").0 = "output.bios".into());
    assert!(matches!(error, FormatError::MissingTensor(_)), "{error}");
    let error = forge(|tensors, _| tensors.push(("extra".into(), Dtype::U8, vec![0], vec![])));
    assert!(matches!(error, FormatError::UnknownTensor(_)), "{error}");
    let error = forge(|tensors, _| tensor(tensors, "hidden.0.weight").2 = vec![6, 5]);
    assert!(matches!(error, FormatError::WrongShape { .. }), "{error}");
    let error = forge(|tensors, _| tensor(tensors, "output.bias").1 = Dtype::I32);
    assert!(matches!(error, FormatError::WrongShape { .. }), "{error}");
    let error = forge(|tensors, _| {
        tensor(tensors, "output.bias").3[4..8].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    assert!(
        matches!(error, FormatError::NotFinite { place: 1, .. }),
        "{error}"
    );
}

#[test]
fn damaged_lists_are_named() {
    let bad = |error: FormatError, tensor: &str, what: &str| match &error {
        FormatError::BadList { name, what: found } => {
            assert!(name == tensor && found.contains(what), "{error}");
        }
        _ => panic!("{error}"),
    };
    let bigrams = "nextchar.bigrams";
    let put = |place: usize, number: u64| {
        forge(move |tensors, _| {
            tensor(tensors, bigrams).3[place * 8..][..8].copy_from_slice(&number.to_le_bytes());
        })
    };
    bad(put(0, 27), bigrams, "not in the alphabet");
    bad(put(2, 0), bigrams, "out of range");
    bad(put(2, u64::MAX), bigrams, "out of range");
    let error = forge(|tensors, _| {
        let bytes = &mut tensor(tensors, bigrams).3;
        bytes.copy_within(0..16, 24);
    });
    bad(error, bigrams, "twice");
    let train = "nextchar.names.train";
    let names = |bytes: &'static [u8]| {
        forge(move |tensors, _| {
            let tensor = tensor(tensors, train);
            (tensor.2, tensor.3) = (vec![bytes.len()], bytes.to_vec());
        })
    };
    bad(names(&[0, 1, b'A']), train, "outside its alphabet");
    bad(names(&[0, 0]), train, "outside its alphabet");
    bad(names(&[0, 9, b'a']), train, "is truncated");
    let error = forge(|tensors, _| {
        tensors.push((
            "nextchar.counts.train".into(),
            Dtype::I64,
            vec![1],
            vec![1, 0, 0, 0, 0, 0, 0, 0],
        ));
    });
    bad(error, train, "do not fit");
}

proptest! {
    /// A file that is truncated anywhere, with any bytes changed, is read or refused, without a panic.
    #[test]
    fn mutilated_files_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = bytes();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(model) = ModelFile::from_bytes(&bytes) {
            prop_assert!(model.model.networks()[0].params().is_finite());
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(ModelFile::from_bytes(&bytes).is_err());
    }
}

#[test]
fn mixtures_come_back() {
    for with_names in [true, false] {
        let mut one = model(vec![5], 1, 1, true);
        let two = model(vec![6, 6], 2, 1, true);
        let parts = one.names.clone().unwrap();
        if !with_names {
            one.names = None;
        }
        let counts = KneserNey::fit(&parts.train, &one.vocab, 4, &Serial).unwrap();
        let networks = [&one, &two].map(|file| file.model.networks()[0].clone());
        let weights = Weights {
            networks: 0.6,
            counts: 0.4,
        };
        for (networks, counts) in [
            (networks.to_vec(), Some(counts.clone())),
            (networks.to_vec(), None),
            (vec![], Some(counts)),
        ] {
            let written = ModelFile {
                model: Mixture::new(networks, counts, weights).unwrap(),
                ..one.clone()
            };
            let bytes = written.to_bytes().unwrap();
            let read = ModelFile::from_bytes(&bytes).unwrap();
            assert_eq!(read.to_bytes().unwrap(), bytes);
            assert_eq!(read.model.counts(), written.model.counts());
            let context = vec![0; written.model.context_length()];
            assert_eq!(
                read.model.next_log_probs(&context),
                written.model.next_log_probs(&context)
            );
            // Any tensor with a wrong size, or with a number out of range, is refused.
            for place in (8..bytes.len()).step_by(bytes.len() / 400) {
                let mut bytes = bytes.clone();
                bytes[place] = 0xff;
                let _ = ModelFile::from_bytes(&bytes);
                let _ = ModelFile::from_bytes(&bytes[..place]);
            }
        }
    }
}

/// The bytes of tensors as saved by PyTorch: `{name}` has this shape, and all of its values are 0.5.
fn bare(tensors: &[(&str, &[usize])], metadata: Option<&str>) -> Vec<u8> {
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, shape)| {
            let count = shape.iter().product();
            (*name, shape.to_vec(), 0.5f32.to_le_bytes().repeat(count))
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
        (*name, view)
    });
    let metadata = metadata.map(|json| HashMap::from([("network".to_owned(), json.to_owned())]));
    safetensors::serialize(views, metadata).unwrap()
}

#[test]
fn a_bare_state_dict_is_a_model() {
    let tensors: &[(&str, &[usize])] = &[
        ("embedding.weight", &[27, 3]),
        ("hidden.0.weight", &[5, 12]),
        ("hidden.0.bias", &[5]),
        ("output.weight", &[27, 5]),
        ("output.bias", &[27]),
    ];
    let file = ModelFile::from_bytes(&bare(tensors, None)).unwrap();
    let config = file.model.networks()[0].config();
    assert_eq!(
        (config.context_length, config.activation),
        (4, Activation::Tanh)
    );
    assert_eq!((file.vocab, file.names), (Vocab::az(), None));
    let told = bare(
        tensors,
        Some(r#"{"activation": "gelu", "longest_name": 7}"#),
    );
    let file = ModelFile::from_bytes(&told).unwrap();
    assert_eq!(
        file.model.networks()[0].config().activation,
        Activation::Gelu
    );
    assert_eq!(file.record.longest_name, 7);

    type Shapes = Vec<(&'static str, &'static [usize])>;
    let fault = |change: &dyn Fn(&mut Shapes), json| {
        let mut tensors = tensors.to_vec();
        change(&mut tensors);
        ModelFile::from_bytes(&bare(&tensors, json))
            .unwrap_err()
            .to_string()
    };
    for (place, shape, says) in [
        (0, &[27, 5][..], "not a multiple of the embedding width 5"),
        (0, &[27], "[rows, columns]"),
        (0, &[26, 3], "the characters of its 26 classes are unknown"),
        (1, &[5, 0], "[rows, columns]"),
        (3, &[27, 6], "`output.weight` is [27, 6]"),
    ] {
        // All sizes agree; only the vocabulary is wrong.
        let all = |tensors: &mut Vec<(&str, &'static [usize])>| {
            tensors[place].1 = shape;
            if shape == [26, 3] {
                (tensors[3].1, tensors[4].1) = (&[26, 5], &[26]);
            }
        };
        let said = fault(&all, None);
        assert!(said.contains(says), "{said}");
    }
    let same = |_: &mut Vec<_>| ();
    for (json, says) in [
        ("{", "`network`"),
        (r#"{"activation": "swish"}"#, "`network`"),
        (r#"{"vocab": "abc"}"#, "an alphabet of 4 classes"),
        (r#"{"vocab": "ba"}"#, "code point order"),
    ] {
        let said = fault(&same, Some(json));
        assert!(said.contains(says), "{said}");
    }
    let said = fault(&|tensors| tensors.push(("decoder.weight", &[1, 1])), None);
    assert!(said.contains("unknown tensor `decoder.weight`"), "{said}");
    let said = fault(&|tensors| tensors.truncate(4), None);
    assert!(said.contains("`output.bias` is missing"), "{said}");
}

proptest! {
    /// A bare state_dict is read or refused, whatever shapes it claims.
    #[test]
    fn any_state_dict_is_read_or_refused(
        shapes in prop::collection::vec(prop::collection::vec(0usize..30, 0..4), 7),
        networks in 0usize..3,
    ) {
        let names = ["embedding.weight", "hidden.0.weight", "hidden.0.bias", "hidden.1.weight",
            "hidden.1.bias", "output.weight", "output.bias"];
        let named: Vec<(String, &[usize])> = (0..networks.max(1)).flat_map(|member| {
            let prefix = if networks == 0 { String::new() } else { format!("member.{member}.") };
            names.iter().zip(&shapes).map(move |(name, shape)| (format!("{prefix}{name}"), &shape[..]))
        }).collect();
        let tensors: Vec<(&str, &[usize])> =
            named.iter().map(|(name, shape)| (name.as_str(), *shape)).collect();
        let _ = ModelFile::from_bytes(&bare(&tensors, Some("{\"residual\": true}")));
    }
}
