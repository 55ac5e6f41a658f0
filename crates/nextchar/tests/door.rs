//! What users can rely on: the same answers one by one and many at once, errors in place of panics, files
//! that are never half-written.

use std::sync::OnceLock;

use nextchar::language_model::State;
use nextchar::text::{END, Start, Vocab};
use nextchar::{
    CoreError, Ended, Error, Family, Generate, GenerateOptions, LanguageModel, LearningRate, Model,
    Names, Preset, Steps, TrainOptions, Training, Usual, WhyNone, Workers,
};

/// Counts of the Indian names, with a verdict.
fn counted() -> &'static Model {
    static COUNTED: OnceLock<Model> = OnceLock::new();
    COUNTED.get_or_init(|| {
        let options = TrainOptions {
            family: Some(Family::KneserNey),
            ..TrainOptions::default()
        };
        Model::train(&Names::embedded("indian-names").unwrap(), &options).unwrap()
    })
}

fn quick() -> TrainOptions {
    TrainOptions {
        steps: Some(30),
        hidden: Some([16].into()),
        ..TrainOptions::preset(Preset::Fast)
    }
}

#[test]
fn conditions_hold_and_are_deterministic() {
    let model = counted();
    let wanted = model
        .generate()
        .suffix("ya")
        .length(6..=6)
        .excluding("z")
        .novel()
        .unique()
        .take(50);
    let names: Vec<String> = wanted.clone().into_iter().map(|name| name.name).collect();
    assert_eq!(names.len(), 50);
    for name in &names {
        assert!(name.ends_with("ya") && name.chars().count() == 6 && !name.contains('z'));
        assert!(!model.names().unwrap().contains(name));
    }
    let again: Vec<String> = wanted
        .clone()
        .workers(Workers::serial())
        .into_iter()
        .map(|name| name.to_string())
        .collect();
    assert_eq!(names, again);
    let probability = wanted.probability().unwrap();
    assert!(
        (0.001..0.1).contains(&probability.estimate),
        "{probability:?}"
    );

    let options = GenerateOptions {
        count: 50,
        suffix: vec!["ya".into()],
        min_length: Some(6),
        max_length: Some(6),
        exclude: vec!["z".into()],
        novel: true,
        unique: true,
        ..GenerateOptions::default()
    };
    let from_options = model.generate().with(options).into_iter();
    assert!(from_options.map(|name| name.name).eq(names));
}

/// Names of one character: `a` where the label is the first one, else `b`.
struct ByLabel(Vocab);

impl LanguageModel for ByLabel {
    fn vocab_size(&self) -> usize {
        self.0.len()
    }

    fn token_count(&self) -> usize {
        self.0.token_count()
    }

    fn context_length(&self) -> usize {
        2
    }

    fn log_probs(&self, states: &[State], log_probs: &mut [f64]) {
        log_probs.fill(f64::NEG_INFINITY);
        let contexts = self.contexts(states);
        let rows = log_probs.chunks_mut(self.vocab_size());
        for (context, row) in contexts.chunks(2).zip(rows) {
            let next = match context {
                [_, last] if *last != END => END,
                [label, _] if Some(*label) == self.0.label("first") => 1,
                _ => 2,
            };
            row[usize::from(next)] = 0.0;
        }
    }
}

#[test]
fn the_most_likely_names_have_the_start_of_the_draws() {
    let vocab = Vocab::from_characters("ab".chars()).unwrap();
    let model = ByLabel(vocab.with_labels(["first", "second"]).unwrap());
    for (label, name) in [("first", "a"), ("second", "b")] {
        let label = model.0.label(label).unwrap();
        let usual = Usual {
            longest: 3,
            ..Usual::default()
        };
        let wanted = Generate::new(&model, &model.0, None, usual).start(Start::labelled([label]));
        assert_eq!(wanted.clone().into_iter().next().unwrap().name, name);
        let likely = wanted.most_likely(5).unwrap();
        assert_eq!(
            likely
                .names
                .iter()
                .map(|name| &name.name)
                .collect::<Vec<_>>(),
            [name]
        );
    }
}

#[test]
fn what_cannot_be_is_an_error_or_no_name() {
    let model = counted();
    for impossible in [
        model.generate().min_length(5).max_length(4),
        model.generate().prefix("ab").excluding("b"),
        model.generate().pattern("("),
        model.generate().temperature(-1.0),
        model.generate().top_p(f64::NAN),
        model.generate().top_k(0),
    ] {
        assert!(matches!(impossible.try_iter(), Err(Error::Core(_))));
        assert!(impossible.probability().is_err());
        assert_eq!(impossible.into_iter().count(), 0);
    }
    assert_eq!(model.generate().take(0).into_iter().count(), 0);

    let nameless = Model::from(nextchar::ModelFile {
        names: None,
        ..model.as_file().clone()
    });
    let novel = nameless.generate().novel();
    assert!(matches!(novel.try_iter(), Err(Error::WithoutNames)));
    assert_eq!(novel.into_iter().count(), 0);
}

#[test]
fn why_there_is_no_name_is_known() {
    let model = counted();
    let known = Names::from_iter(["asha"]);
    let listed = model.generate().pattern("asha").not_in(&known);
    assert_eq!(listed.clone().into_iter().count(), 0);
    assert_eq!(listed.why_none().unwrap(), WhyNone::Listed);
    let cut = model.generate().pattern("q.*").top_k(1);
    assert_eq!(cut.why_none().unwrap(), WhyNone::Cut);
}

#[test]
fn many_words_are_judged_as_one_is() {
    let model = counted();
    let words = ["Nishanka", "", "qzxvkj", "n7", " asha "];
    let all = model.score_all(words).unwrap();
    assert!(matches!(all[1], Err(Error::EmptyWord)));
    assert!(matches!(all[3], Err(Error::UnknownPiece { .. })));
    for (word, verdict) in words.iter().zip(&all) {
        match (model.score(word), verdict) {
            (Ok(one), Ok(of_many)) => assert_eq!(one, *of_many, "{word}"),
            (Err(one), Err(of_many)) => assert_eq!(one.to_string(), of_many.to_string()),
            other => panic!("{word}: {other:?}"),
        }
    }
    let long = "a".repeat(1001);
    assert!(matches!(model.score(&long), Err(Error::LongWord { .. })));
}

#[test]
fn a_small_list_judges_nothing_and_says_so() {
    let names = Names::from_iter(["asha", "usha", "isha"]);
    let model = Model::train(&names, &quick()).unwrap();
    let verdict = model.score("asha").unwrap();
    assert_eq!(
        (verdict.percentile, verdict.is_plausible(0.01)),
        (None, false)
    );
    assert!(matches!(
        model.judge_among(&names),
        Err(Error::NotCalibrated)
    ));
    assert!(matches!(model.test_names(), Err(Error::WithoutTestNames)));
    let nothing = Model::train(&Names::from_iter(["_"]), &quick());
    assert!(matches!(nothing, Err(Error::Names { .. })));
}

#[test]
fn judging_among_other_names_leaves_unknown_characters_out() {
    let model = counted();
    let options = nextchar::data::ReadOptions {
        alphabet: nextchar::text::Alphabet::Data,
        ..Default::default()
    };
    let names = Names::from_reader("own", "asha\nusha\nzoë\n".as_bytes(), &options).unwrap();
    let (judge, unknown) = model.judge_among(&names).unwrap();
    assert_eq!((judge.ranked_among(), unknown), (2, 1));
}

#[test]
fn looking_inside_needs_a_network() {
    let model = counted();
    assert!(matches!(model.explain("ab"), Err(Error::WithoutNetwork)));
    assert!(matches!(model.neighbors("a"), Err(Error::WithoutNetwork)));
    let found = model.explain_word("asha", 3).unwrap();
    let total: f64 = found
        .characters
        .iter()
        .map(|character| character.log_prob)
        .sum();
    assert!((total - model.score("asha").unwrap().log_prob).abs() < 1e-9);

    let options = TrainOptions {
        family: Some(Family::Network),
        ..quick()
    };
    let network = Model::train(&Names::embedded("colors").unwrap(), &options).unwrap();
    assert_eq!(network.explain("re").unwrap().probs.len(), 27);
    assert_eq!(network.neighbors("a").unwrap().len(), 26);
    assert!(!network.is_more_than_a_network());
}

#[test]
fn step_by_step_is_the_same_training() {
    let names = Names::embedded("colors").unwrap();
    let options = TrainOptions {
        networks: Some(2),
        learning_rate: Some(LearningRate::Auto),
        ..quick()
    };
    let whole = Model::train(&names, &options).unwrap();
    let corpus = names.corpus(options.preset).unwrap();
    let mut training = Training::new(corpus, &options, Workers::serial()).unwrap();
    assert!(training.find_learning_rate().unwrap().is_some());
    let mut steps = Steps::new(training).unwrap();
    while steps.ended().is_none() {
        steps.advance(7).unwrap();
        assert!(steps.generate().unwrap().take(3).into_iter().count() <= 3);
    }
    let mut share = 0.0;
    while share < 1.0 {
        let next = steps.refit(7).unwrap();
        assert!(next > share, "{next} after {share}");
        share = next;
    }
    let (model, _) = steps.finish().unwrap();
    assert!(model.record().refitted);
    assert!(model.to_bytes().unwrap() == whole.to_bytes().unwrap());
}

#[test]
fn a_training_that_diverges_leaves_nothing() {
    let names = Names::embedded("colors").unwrap();
    let options = TrainOptions {
        learning_rate: Some(LearningRate::Fixed(1e6)),
        optimizer: Some(nextchar::OptimizerName::Sgd),
        ..quick()
    };
    let error = Model::train(&names, &options).unwrap_err();
    assert!(
        matches!(error, Error::Core(CoreError::Diverged { .. })),
        "{error}"
    );
    let corpus = names.corpus(options.preset).unwrap();
    let training = Training::new(corpus, &options, Workers::serial()).unwrap();
    let mut steps = Steps::new(training).unwrap();
    steps.advance(u64::MAX).unwrap();
    assert!(matches!(steps.ended(), Some(Ended::Diverged(_))));
    assert!(matches!(steps.finish(), Err(Error::Diverged(_))));
}

#[test]
fn a_teacher_must_know_the_same_characters() {
    let german = "ä\nöl\nübel\n".repeat(4);
    let options = nextchar::data::ReadOptions {
        alphabet: nextchar::text::Alphabet::Data,
        ..Default::default()
    };
    let names = Names::from_reader("german", german.as_bytes(), &options).unwrap();
    let corpus = names.corpus(Preset::Fast).unwrap();
    let training = Training::new(corpus, &quick(), Workers::serial()).unwrap();
    let error = training.run(Some(counted()), &mut ()).unwrap_err();
    assert!(matches!(error, Error::TeacherAlphabet), "{error}");
}

#[test]
fn files_are_whole_or_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    counted().save(&path).unwrap();
    let first = std::fs::read(&path).unwrap();
    counted().save(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);

    for nowhere in [folder.path().join("no/model"), folder.path().into()] {
        assert!(matches!(counted().save(&nowhere), Err(Error::File { .. })));
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    std::fs::write(&path, &first[..first.len() / 2]).unwrap();
    assert!(matches!(Model::load(&path), Err(Error::ModelFile { .. })));
    assert!(matches!(Model::load(&folder), Err(Error::File { .. })));
}

#[test]
fn presets_set_everything_and_options_win() {
    for (preset, ..) in <Preset as nextchar::Choice>::ALL {
        let corpus = Names::embedded("colors").unwrap().corpus(*preset).unwrap();
        let plan = nextchar::Plan::new(&TrainOptions::preset(*preset), &corpus).unwrap();
        assert_eq!(Some(plan.config.steps), preset.options().steps);
        let own = TrainOptions {
            epochs: Some(1),
            ..TrainOptions::preset(*preset)
        };
        let plan = nextchar::Plan::new(&own, &corpus).unwrap();
        assert!(plan.config.steps < 5_000, "{preset}: passes replace steps");
    }
}

/// A trial that learned the held-out names would take twice as long, and gain nothing.
#[test]
fn a_trial_is_not_fitted_again() {
    struct Once;
    impl nextchar::train::Observer for Once {}
    impl nextchar::Watch for Once {
        fn begins(&mut self, stage: &nextchar::Stage<'_>) {
            assert!(!stage.is_refit);
        }
        fn is_cancelled(&self) -> bool {
            false
        }
    }
    let corpus = Names::embedded("finnish-names")
        .unwrap()
        .corpus(Preset::Fast)
        .unwrap();
    let search = nextchar::search::Search::new(corpus, 7.into(), Workers::serial()).unwrap();
    let job = nextchar::search::next_job(&[], 1e9).unwrap();
    assert!(search.run(job, &mut Once).unwrap() < 3.0);
}
