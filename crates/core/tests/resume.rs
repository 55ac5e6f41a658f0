//! A run that goes on from a saved state ends in the bits of a run that was never stopped.

use std::ops::ControlFlow;

use nextchar_core::data::{CountedWindows, EmbeddedList, ReadOptions};
use nextchar_core::model::{Activation, Init, ModelConfig};
use nextchar_core::rng::Seed;
use nextchar_core::text::Vocab;
use nextchar_core::train::{
    BatchKind, Engine, Evaluation, Observer, Optimizer, Schedule, StopReason, Tables, TrainConfig,
    TrainState, Trained, resume, train,
};
use nextchar_core::{Error, Serial};

const ADAMW: Optimizer = Optimizer::adamw(0.1);

fn shape() -> ModelConfig {
    ModelConfig {
        vocab_size: 27,
        context_length: 3,
        embedding_dim: 5,
        hidden_sizes: vec![20, 20],
        activation: Activation::Gelu,
        residual: true,
        labels: 0,
    }
}

fn config(batch: BatchKind, optimizer: Optimizer, dropout: f64, averaging: f64) -> TrainConfig {
    TrainConfig {
        init: Init::Kaiming,
        optimizer,
        learning_rate: 0.02,
        schedule: Schedule::Cosine,
        batch,
        steps: 40,
        evaluate_every: 7,
        patience: None,
        target_loss: None,
        portable: false,
        dropout,
        batch_norm: matches!(batch, BatchKind::Passes(64)),
        averaging,
        seed: Seed::from(3),
    }
}

/// The windows of some Finnish names to learn from, and of others.
fn tables() -> [CountedWindows; 2] {
    let list = EmbeddedList::find("finnish-names").unwrap();
    let (names, _) = list.scan(&ReadOptions::default()).unwrap();
    let texts: Vec<Vec<u16>> = names
        .names()
        .filter_map(|name| Vocab::az().encode(name.text).ok())
        .collect();
    let (train, val) = texts.split_at(texts.len() / 2);
    [train, val].map(|part| {
        let counted = part.iter().map(|name| (name.as_slice(), 1));
        CountedWindows::from_names(counted, 27, 3).unwrap()
    })
}

/// Keeps every state of a run, and stops it after some step.
struct Keeper {
    states: Vec<TrainState>,
    stop_after: u64,
}

impl Observer for Keeper {
    fn step(&mut self, steps_done: u64) -> ControlFlow<()> {
        match steps_done >= self.stop_after {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn between_steps(&mut self, steps_done: u64, state: &dyn Fn() -> TrainState) {
        let state = state();
        assert_eq!(state.progress.steps_done, steps_done);
        self.states.push(state);
    }
}

fn keeper(stop_after: u64) -> Keeper {
    Keeper {
        states: Vec::new(),
        stop_after,
    }
}

fn assert_same(one: &Trained, other: &Trained, what: &str) {
    assert_eq!(one.network.params(), other.network.params(), "{what}");
    let numbers = |run: &Trained| {
        (
            run.first_loss,
            run.steps,
            run.best_step,
            run.epochs,
            run.stop,
        )
    };
    assert_eq!(numbers(one), numbers(other), "{what}");
    let looks = |run: &Trained| -> Vec<Evaluation> { run.evaluations.clone() };
    assert_eq!(looks(one), looks(other), "{what}");
}

#[test]
fn any_state_leads_to_the_same_end() {
    let [table, val] = tables();
    let engine = Engine::new(&Serial);
    for (batch, optimizer, dropout, averaging) in [
        (BatchKind::Full, ADAMW, 0.0, 0.0),
        (BatchKind::Contexts(90), ADAMW, 0.0, 0.9),
        (BatchKind::Windows(50), Optimizer::Sgd, 0.0, 0.0),
        (BatchKind::Passes(100), ADAMW, 0.2, 0.99),
        (BatchKind::Passes(64), Optimizer::Sgd, 0.3, 0.0), // and batch normalisation
        (BatchKind::Passes(64), ADAMW, 0.0, 0.9),
    ] {
        for val in [Some(&val), None] {
            let config = TrainConfig {
                batch_norm: batch == BatchKind::Passes(64),
                ..config(batch, optimizer, dropout, averaging)
            };
            let tables = Tables { train: &table, val };
            let mut kept = keeper(u64::MAX);
            let whole = train(&shape(), &config, tables, &engine, &mut kept).unwrap();
            assert_eq!(kept.states.len(), 39, "none after the last step");
            for (index, state) in kept.states.iter().enumerate().step_by(3) {
                let what = format!("{batch:?}, resumed after step {}", index + 1);
                let mut again = keeper(u64::MAX);
                let state = state.clone();
                let rest = resume(&shape(), &config, tables, &engine, state, &mut again).unwrap();
                assert_same(&whole, &rest, &what);
                assert_eq!(again.states, kept.states[index + 1..], "{what}");
            }
        }
    }
}

#[test]
fn a_stopped_run_goes_on_as_if_it_had_not_been() {
    let [table, val] = tables();
    let (tables, engine) = (
        Tables {
            train: &table,
            val: Some(&val),
        },
        Engine::new(&Serial),
    );
    let config = config(BatchKind::Passes(100), ADAMW, 0.2, 0.99);
    let whole = train(&shape(), &config, tables, &engine, &mut ()).unwrap();
    // Step 14 is looked at anyway, step 16 only because it is the last.
    for stop in [14, 16, 39] {
        let mut kept = keeper(stop);
        let part = train(&shape(), &config, tables, &engine, &mut kept).unwrap();
        assert_eq!((part.steps, part.stop), (stop, StopReason::Observer));
        assert_eq!(part.evaluations.last().unwrap().step, stop);
        let state = kept.states.pop().unwrap();
        let rest = resume(&shape(), &config, tables, &engine, state, &mut ()).unwrap();
        assert_same(&whole, &rest, &format!("stopped after step {stop}"));
    }
}

#[test]
fn early_stopping_is_where_it_was() {
    let [table, val] = tables();
    let (tables, engine) = (
        Tables {
            train: &table,
            val: Some(&val),
        },
        Engine::new(&Serial),
    );
    let config = TrainConfig {
        patience: Some(3),
        evaluate_every: 2,
        learning_rate: 0.1,
        steps: 2000,
        schedule: Schedule::Constant,
        ..config(BatchKind::Full, ADAMW, 0.0, 0.0)
    };
    let mut kept = keeper(u64::MAX);
    let whole = train(&shape(), &config, tables, &engine, &mut kept).unwrap();
    assert_eq!(whole.stop, StopReason::EarlyStop);
    assert_eq!(kept.states.len() as u64, whole.steps - 1);
    for state in kept.states.split_off(kept.states.len() - 8) {
        let rest = resume(&shape(), &config, tables, &engine, state, &mut ()).unwrap();
        assert_same(&whole, &rest, "early stop");
    }
}

#[test]
fn states_of_other_runs_are_refused() {
    let [table, val] = tables();
    let engine = Engine::new(&Serial);
    let tables = Tables {
        train: &table,
        val: None,
    };
    let usual = config(BatchKind::Passes(100), ADAMW, 0.2, 0.99);
    let mut kept = keeper(5);
    train(&shape(), &usual, tables, &engine, &mut kept).unwrap();
    let state = kept.states.pop().unwrap();
    let refused = |config: &TrainConfig, tables, part: &str| {
        let error = resume(&shape(), config, tables, &engine, state.clone(), &mut ()).unwrap_err();
        assert!(
            matches!(&error, Error::BadState(what) if what.contains(part)),
            "{error}"
        );
    };
    let with = |change: fn(&mut TrainConfig)| {
        let mut config = usual.clone();
        change(&mut config);
        config
    };
    refused(&with(|c| c.steps = 5), tables, "all steps");
    refused(&with(|c| c.averaging = 0.0), tables, "average");
    refused(&with(|c| c.optimizer = Optimizer::Sgd), tables, "optimiser");
    refused(&with(|c| c.batch = BatchKind::Full), tables, "pass");
    let others = Tables {
        train: &val,
        val: None,
    };
    refused(&usual, others, "pass");
}
