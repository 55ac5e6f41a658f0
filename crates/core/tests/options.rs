//! Options that cannot be: each is refused by its own name, and none of them panics.

use nextchar_core::Error;
use nextchar_core::model::{Activation, Init, ModelConfig};
use nextchar_core::rng::Seed;
use nextchar_core::sample::SampleConfig;
use nextchar_core::setting::Setting;
use nextchar_core::train::{BatchKind, Optimizer, Schedule, TrainConfig};

fn usual() -> TrainConfig {
    TrainConfig {
        init: Init::Kaiming,
        optimizer: Optimizer::adamw(0.1),
        learning_rate: 0.01,
        schedule: Schedule::Constant,
        batch: BatchKind::Passes(64),
        steps: 10,
        evaluate_every: 5,
        patience: Some(3),
        target_loss: Some(2.0),
        portable: true,
        dropout: 0.1,
        batch_norm: false,
        averaging: 0.9,
        seed: Seed::from(1),
    }
}

/// The setting that an error names.
fn setting(error: Error) -> Setting {
    match error {
        Error::OutOfRange(fault) => fault.setting,
        error => panic!("{error}"),
    }
}

#[test]
fn every_number_of_a_training_is_checked_by_its_name() {
    assert!(usual().validate().is_ok());
    let refused = |change: &dyn Fn(&mut TrainConfig)| {
        let mut config = usual();
        change(&mut config);
        setting(config.validate().unwrap_err())
    };
    for batch in [
        BatchKind::Contexts(0),
        BatchKind::Windows(0),
        BatchKind::Passes(0),
    ] {
        assert_eq!(refused(&|config| config.batch = batch), Setting::BatchSize);
    }
    assert_eq!(refused(&|config| config.steps = 0), Setting::Steps);
    let looks = refused(&|config| config.evaluate_every = 0);
    assert_eq!(looks, Setting::EvaluateEvery);
    let patience = refused(&|config| config.patience = Some(0));
    assert_eq!(patience, Setting::Patience);
    for x in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let rate = refused(&|config| config.learning_rate = x);
        assert_eq!(rate, Setting::LearningRate);
        assert_eq!(refused(&|config| config.dropout = x), Setting::Dropout);
        assert_eq!(refused(&|config| config.averaging = x), Setting::Averaging);
        let target = refused(&|config| config.target_loss = Some(x));
        assert_eq!(target, Setting::TargetLoss);
        let decay = refused(&|config| config.optimizer = Optimizer::adamw(x));
        assert_eq!(decay, Setting::WeightDecay);
    }
}

#[test]
fn every_number_of_a_shape_is_checked_by_its_name() {
    let shape = ModelConfig {
        vocab_size: 27,
        context_length: 3,
        embedding_dim: 4,
        hidden_sizes: vec![8],
        activation: Activation::Tanh,
        residual: false,
        labels: 0,
    };
    assert!(shape.validate().is_ok());
    let refused = |change: &dyn Fn(&mut ModelConfig)| {
        let mut shape = shape.clone();
        change(&mut shape);
        setting(shape.validate().unwrap_err())
    };
    assert_eq!(refused(&|shape| shape.vocab_size = 1), Setting::VocabSize);
    let context = refused(&|shape| shape.context_length = 0);
    assert_eq!(context, Setting::ContextLength);
    let embedding = refused(&|shape| shape.embedding_dim = 0);
    assert_eq!(embedding, Setting::EmbeddingDim);
    let hidden = refused(&|shape| shape.hidden_sizes = vec![8, 0]);
    assert_eq!(hidden, Setting::HiddenSize);
    let layers = refused(&|shape| shape.hidden_sizes = vec![1; 1000]);
    assert_eq!(layers, Setting::HiddenLayers);
    let all = refused(&|shape| shape.hidden_sizes = vec![16_384; 8]);
    assert_eq!(all, Setting::Parameters);
}

#[test]
fn every_number_of_a_draw_is_checked_by_its_name() {
    let refused = |temperature, k, p| setting(SampleConfig::new(temperature, k, p).unwrap_err());
    for x in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(x, None, None), Setting::Temperature);
        assert_eq!(refused(1.0, None, Some(x)), Setting::TopP);
    }
    assert_eq!(refused(1.0, Some(0), None), Setting::TopK);
}
