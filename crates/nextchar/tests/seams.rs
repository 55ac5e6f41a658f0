//! Every seam holds a second implementation, written here: a tokenizer of letter pairs, and a label in the
//! start of names. Both train, generate, score, explain, save, load, export and resume without a change
//! anywhere else.

use std::ops::ControlFlow;

use nextchar::data::{EmbeddedList, ReadOptions, WindowCounter};
use nextchar::language_model::State;
use nextchar::text::{Start, Token, Tokenizer, Vocab};
use nextchar::train::{Evaluation, Observer, TrainState};
use nextchar::{
    Corpus, Counted, Family, LanguageModel, Model, Names, Preset, Stage, TrainOptions, Training,
    Watch, Workers,
};
use nextchar_formats::{Checkpoint, ModelFile, state_dict};

/// Two letters at a time; a last one alone.
struct LetterPairs;

impl Tokenizer for LetterPairs {
    fn pieces<'t>(&self, text: &'t str) -> Box<dyn Iterator<Item = &'t str> + 't> {
        let mut ends: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        ends.push(text.len());
        let pairs = (0..ends.len() - 1).step_by(2);
        Box::new(pairs.map(move |place| {
            let end = ends[(place + 2).min(ends.len() - 1)];
            &text[ends[place]..end]
        }))
    }

    fn join(&self, pieces: &mut dyn Iterator<Item = &str>, out: &mut String) {
        out.extend(pieces);
    }

    fn name(&self) -> &'static str {
        "letter pairs"
    }
}

fn options(family: Family) -> TrainOptions {
    let counts = TrainOptions {
        family: Some(family),
        counts_context: (family != Family::Network).then_some(3),
        ..TrainOptions::preset(Preset::Fast)
    };
    if family == Family::KneserNey {
        return counts;
    }
    TrainOptions {
        steps: Some(60),
        hidden: Some([24].into()),
        context: Some(3),
        ..counts
    }
}

/// Keeps a state in the middle of a training, as a checkpoint file would.
#[derive(Default)]
struct Middle(Option<TrainState>);

impl Observer for Middle {
    fn step(&mut self, _steps_done: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn evaluated(&mut self, _evaluation: &Evaluation) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn between_steps(&mut self, steps_done: u64, state: &dyn Fn() -> TrainState) {
        if steps_done == 30 {
            self.0 = Some(state());
        }
    }
}

impl Watch for Middle {}

/// Brings a state back.
struct Resumed(Option<TrainState>);

impl Observer for Resumed {}

impl Watch for Resumed {
    fn begins(&mut self, _stage: &Stage<'_>) {}

    fn begun_before(&mut self, _place: usize) -> Option<TrainState> {
        self.0.take()
    }
}

/// Trains, and once more from a checkpoint's bytes in the middle: the same file both times.
fn trained(corpus: &Corpus, family: Family) -> Model {
    let training = Training::new(corpus.clone(), &options(family), Workers::available()).unwrap();
    let mut middle = Middle::default();
    let made = training.run(None, &mut middle).unwrap();
    let model = training.finish(&made).unwrap().0;
    let checkpoint = Checkpoint {
        program: "test".into(),
        options: Default::default(),
        arguments: Default::default(),
        shape: training.plan().shape.clone(),
        finished: Vec::new(),
        state: middle.0,
    };
    let state = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap()).unwrap();
    assert!(state.state.is_some());
    let again = training.run(None, &mut Resumed(state.state)).unwrap();
    let again = training.finish(&again).unwrap().0;
    assert_eq!(model.to_bytes().unwrap(), again.to_bytes().unwrap());
    model
}

#[test]
fn a_tokenizer_of_letter_pairs_does_everything() {
    let read = ReadOptions {
        tokenizer: &LetterPairs,
        ..ReadOptions::default()
    };
    let names = Names::embedded_with("finnish-names", &read).unwrap();
    assert!(names.diagnosis().letters.contains_key("ai"));
    let corpus = names.corpus(Preset::Fast).unwrap();
    for family in [Family::Network, Family::KneserNey, Family::Mixture] {
        let model = if family == Family::KneserNey {
            Model::train(&names, &options(family)).unwrap()
        } else {
            trained(&corpus, family)
        };
        assert!(model.vocab().len() > 100, "{}", model.vocab().len());

        // Generate: conditions are about text, so they hold across pairs; lengths count tokens.
        let wanted = model.generate().prefix("ain").suffix("a").length(2..=4);
        let drawn: Vec<_> = wanted.take(20).try_iter().unwrap().collect();
        assert_eq!(drawn.len(), 20, "{family:?}");
        for name in &drawn {
            assert!(
                name.name.starts_with("ain") && name.name.ends_with('a'),
                "{name}"
            );
        }
        assert!(
            model
                .generate()
                .novel()
                .unique()
                .take(30)
                .into_iter()
                .count()
                == 30
        );

        // Score: what a name was drawn with, where its pairs are those that it was drawn in.
        let verdict = model.score("aino").unwrap();
        let explained = model.explain_word("aino", 3).unwrap();
        let shown: Vec<&str> = explained
            .characters
            .iter()
            .map(|one| one.token.as_str())
            .collect();
        assert_eq!(shown, ["ai", "no", "_"]);
        assert!((verdict.log_prob - explained.log_prob).abs() < 1e-9);
        assert!(
            model.score("xxqq").is_err(),
            "no Finnish name has these pairs"
        );
        if family != Family::KneserNey {
            let stages = model.explain("aino").unwrap();
            assert_eq!(stages.context, ["_", "ai", "no"]);
        }

        // Save and load: only who brings the tokenizer can read it.
        let bytes = model.to_bytes().unwrap();
        let loaded = Model::load_with(&bytes, &[&LetterPairs]).unwrap();
        assert_eq!(loaded.to_bytes().unwrap(), bytes);
        assert_eq!(loaded.score("aino").unwrap().log_prob, verdict.log_prob);
        let refused = ModelFile::from_bytes(&bytes).unwrap_err().to_string();
        assert!(refused.contains("letter pairs"), "{refused}");

        // Export.
        let networks = model.language_model().networks();
        if !networks.is_empty() {
            state_dict::to_bytes(model.vocab(), networks, model.longest_name()).unwrap();
        }
    }
}

/// Names in a list of their own for each label: those of men end with a consonant more often.
fn labelled(vocab: &Vocab) -> Corpus {
    let list = EmbeddedList::find("indian-names").unwrap();
    let (mut train, mut val) = (
        WindowCounter::holding(vocab, 1, 6).unwrap(),
        WindowCounter::holding(vocab, 1, 6).unwrap(),
    );
    for (place, row) in list.rows().enumerate() {
        let mut cells = row.split('\t');
        let (name, label) = (cells.next().unwrap(), cells.next().unwrap());
        let (Some(label), Ok(tokens)) = (vocab.label(label), vocab.encode(name)) else {
            continue;
        };
        let part = if place % 10 == 0 {
            &mut val
        } else {
            &mut train
        };
        part.add_after(&Start::labelled([label]), &tokens, 1);
    }
    let counted = Counted::new(vec![train.finish()], Some(val.finish()), None, 20).unwrap();
    Corpus::of_counts("labelled", vocab.clone(), counted)
}

fn next(model: &dyn LanguageModel, state: State) -> Vec<f64> {
    let mut log_probs = vec![0.0; model.vocab_size()];
    model.log_probs(&[state], &mut log_probs);
    log_probs
}

#[test]
fn a_label_in_the_start_does_everything() {
    let vocab = Vocab::az().with_labels(["f", "m"]).unwrap();
    let corpus = labelled(&vocab);
    let starts = ["f", "m"].map(|label| Start::labelled([vocab.label(label).unwrap()]));
    for family in [Family::Network, Family::KneserNey, Family::Mixture] {
        let model = if family == Family::KneserNey {
            let training = Training::new(corpus.clone(), &options(family), Workers::available());
            let training = training.unwrap();
            let made = training.run(None, &mut ()).unwrap();
            training.finish(&made).unwrap().0
        } else {
            trained(&corpus, family)
        };
        let language = model.language_model();
        assert_eq!((language.vocab_size(), language.token_count()), (27, 29));

        // The label is in every context: after T + 2 tokens, it still changes the prediction.
        let before: Vec<Token> = vocab.encode("krishnakumari").unwrap();
        assert!(before.len() > language.context_length() + 2);
        let states = starts
            .each_ref()
            .map(|start| language.after(start, &before));
        assert_ne!(states[0], states[1]);
        if family != Family::KneserNey {
            assert_ne!(next(language, states[0]), next(language, states[1]));
        }

        // Generate, under conditions and without; what is drawn is what is scored.
        let mut ending = [0; 2];
        for (start, ending) in starts.iter().zip(&mut ending) {
            let all = model
                .generate()
                .start(start.clone())
                .length(3..=12)
                .take(600);
            let names: Vec<_> = all.try_iter().unwrap().collect();
            *ending = names.iter().filter(|name| name.name.ends_with('a')).count();
            let some = model
                .generate()
                .start(start.clone())
                .prefix("sh")
                .suffix("a")
                .take(9);
            let names: Vec<_> = some.try_iter().unwrap().collect();
            assert_eq!(names.len(), 9);
            let mut verdicts = model.verdicts_after(start).unwrap();
            let words: Vec<&str> = names.iter().map(|name| name.name.as_str()).collect();
            for (name, verdict) in names.iter().zip(verdicts.of(&words, Workers::serial())) {
                assert!(name.name.starts_with("sh") && name.name.ends_with('a'));
                assert!(
                    (name.log_prob - verdict.unwrap().log_prob).abs() < 1e-9,
                    "{name}"
                );
                let explained = model.explain_word_after(start, &name.name, 2).unwrap();
                assert!((explained.log_prob - name.log_prob).abs() < 1e-9);
                assert!(explained.characters[0].context.starts_with(['f', 'm']));
            }
        }
        assert!(ending[0] > ending[1] + 60, "{family:?}: {ending:?}");

        // Save, load, export.
        let bytes = model.to_bytes().unwrap();
        let loaded = Model::from_bytes(&bytes).unwrap();
        assert_eq!(loaded.to_bytes().unwrap(), bytes);
        assert_eq!(loaded.vocab(), &vocab);
        let drawn = |model: &Model| -> Vec<String> {
            let names = model.generate().start(starts[0].clone()).take(20);
            names.into_iter().map(|name| name.name).collect()
        };
        assert_eq!(drawn(&loaded), drawn(&model));
        let networks = language.networks();
        if !networks.is_empty() {
            let bytes = state_dict::to_bytes(&vocab, networks, 20).unwrap();
            let read = ModelFile::from_bytes(&bytes).unwrap();
            assert_eq!(read.vocab, vocab);
            assert_eq!(read.model.networks()[0].params(), networks[0].params());
        }
    }
}
