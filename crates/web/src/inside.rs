//! The inside of one prediction, forward and backward, and the characters in the plane.

use nextchar::LanguageModel;
use nextchar::model::reference::{Forward, forward};
use nextchar::model::{Linear, Network};
use nextchar::score::{ExampleGradient, example_gradient};
use nextchar::text::{Token, Vocab};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::request::Slot;
use crate::shown::{Shown, shape};

/// What to inspect.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Inspect {
    context: String,
    target: Option<String>,
    #[serde(default)]
    weights: bool,
}

/// The last plane that was shown, so that the axes keep their directions.
#[derive(Default)]
pub(crate) struct Axes(pub(crate) Option<(Slot, Vec<[f64; 2]>)>);

/// The tokens of a context: padded on the left, or the last ones.
pub(crate) fn context_of(vocab: &Vocab, text: &str, length: usize) -> Result<Vec<Token>, Fault> {
    let text = vocab.normalized(text);
    let unknown = |unknown| Fault::new(format!("{text:?}: {unknown}"));
    vocab.context(&text, length).map_err(unknown)
}

/// The token of one character; `_` is the end mark.
pub(crate) fn token(vocab: &Vocab, symbol: &str) -> Result<Token, Fault> {
    let tokens = context_of(vocab, symbol, 1)?;
    match symbol.trim().chars().count() {
        1 => Ok(tokens[0]),
        _ => Err(Fault::new(format!("{symbol:?} is not a single character"))),
    }
}

/// The distribution of the whole model after a context.
fn probs(model: &dyn LanguageModel, context: &[Token], answer: &mut Answer) -> Value {
    let log_probs = model.next_log_probs(context);
    answer.floats(log_probs.iter().map(|x| x.exp() as f32))
}

/// Every number of one prediction.
pub(crate) fn inspection(
    shown: &Shown<'_>,
    inspect: &Inspect,
    answer: &mut Answer,
) -> Result<Value, Fault> {
    let network = shown.network()?;
    let config = network.config();
    let context = context_of(shown.vocab, &inspect.context, config.context_length)?;
    let target = inspect.target.as_ref();
    let target = target
        .map(|symbol| token(shown.vocab, symbol))
        .transpose()?;
    let back = target.map(|target| (target, example_gradient(network, &context, target)));
    let values = match &back {
        Some((_, back)) => back.forward.clone(),
        None => forward(config, &network.params().to_f64(), &context),
    };
    let symbols = context
        .iter()
        .map(|&token| shown.vocab.symbol(token).to_string());
    let mut json = json!({
        "step": shown.step,
        "shape": shape(config),
        "context": symbols.collect::<Vec<_>>(),
        "tokens": context,
        "features": answer.rounded(&values.features),
        "hidden": hidden(network, &values, inspect.weights, answer),
        "output": layer(&network.params().output, [&values.logits; 2], false, inspect.weights, answer),
        "logits": answer.rounded(&values.logits),
        "probs": answer.floats(values.log_probs.iter().map(|x| x.exp() as f32)),
    });
    if inspect.weights {
        json["embedding"] = answer.floats(network.params().embedding.iter().copied());
    }
    if let Some(whole) = shown.whole {
        let text: String = inspect.context.clone();
        let long = context_of(shown.vocab, &text, whole.context_length())?;
        json["model_probs"] = probs(whole, &long, answer);
    }
    if let Some((target, back)) = back {
        json["backward"] = backward(shown.vocab.symbol(target), &back, inspect.weights, answer);
    }
    Ok(json)
}

fn hidden(network: &Network, values: &Forward, weights: bool, answer: &mut Answer) -> Vec<Value> {
    let layers = network.params().hidden.iter().zip(&values.hidden);
    layers
        .enumerate()
        .map(|(index, (own, values))| {
            let residual = network.config().is_residual(index);
            let both = [&values.preactivation, &values.activation];
            layer(own, both, residual, weights, answer)
        })
        .collect()
}

fn layer(
    own: &Linear<f32>,
    [preactivation, activation]: [&Vec<f64>; 2],
    residual: bool,
    weights: bool,
    answer: &mut Answer,
) -> Value {
    let mut json = json!({
        "inputs": own.inputs,
        "outputs": own.outputs,
        "bias": answer.floats(own.bias.iter().copied()),
        "preactivation": answer.rounded(preactivation),
        "activation": answer.rounded(activation),
        "residual": residual,
    });
    if weights {
        json["weight"] = answer.floats(own.weight.iter().copied());
    }
    json
}

fn backward(target: &str, back: &ExampleGradient, weights: bool, answer: &mut Answer) -> Value {
    let linear = |grads: &Linear<f64>, answer: &mut Answer| {
        let mut json = json!({"bias": answer.rounded(&grads.bias)});
        if weights {
            json["weight"] = answer.rounded(&grads.weight);
        }
        json
    };
    let layers = back.hidden.iter().zip(&back.params.hidden);
    let hidden: Vec<Value> = layers
        .map(|(layer, grads)| {
            let mut json = linear(grads, answer);
            json["preactivation"] = answer.rounded(&layer.preactivation);
            json["activation"] = answer.rounded(&layer.activation);
            json
        })
        .collect();
    json!({
        "target": target.to_string(),
        "loss": back.loss,
        "logits": answer.rounded(&back.logits),
        "output": linear(&back.params.output, answer),
        "hidden": hidden,
        "features": answer.rounded(&back.features),
        "embedding": answer.rounded(&back.params.embedding),
    })
}

/// Chooses the signs and the order of the principal axes so that the points are as close as possible to their previous
/// positions; returns whether the order was changed.
pub(crate) fn keep_directions(points: &mut [[f64; 2]], before: &[[f64; 2]]) -> bool {
    let along = |x: usize, y: usize| -> f64 {
        let pairs = points.iter().zip(before);
        pairs.map(|(now, then)| now[x] * then[y]).sum()
    };
    let (straight, crossed) = ([along(0, 0), along(1, 1)], [along(1, 0), along(0, 1)]);
    let size = |agreement: [f64; 2]| agreement[0].abs() + agreement[1].abs();
    let swapped = size(crossed) > size(straight);
    let agreement = if swapped { crossed } else { straight };
    for point in points {
        if swapped {
            point.swap(0, 1);
        }
        for (x, agreement) in point.iter_mut().zip(agreement) {
            *x *= if agreement < 0.0 { -1.0 } else { 1.0 };
        }
    }
    swapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_keep_their_directions() {
        let before = [[1.0, 0.1], [-2.0, 0.3], [0.5, -0.2]];
        let mut turned = before.map(|[x, y]| [-x, y]);
        assert!(!keep_directions(&mut turned, &before));
        assert_eq!(turned, before);
        let mut crossed = before.map(|[x, y]| [y, -x]);
        assert!(keep_directions(&mut crossed, &before));
        assert_eq!(crossed, before);
    }
}
