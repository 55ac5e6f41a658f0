//! Calls that write and score names: what `generate`, `score` and `explain --word` do.

use nextchar::data::{NameList, Split, windows};
use nextchar::sample::Generated;
use nextchar::score::token_log_probs;
use nextchar::text::{Alphabet, END_SYMBOL, Token};
use nextchar::{GenerateOptions, Placeholders, Reason, Recognition};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::lists::{Read, Source};
use crate::request::{Given, Slot};
use crate::session::Session;
use crate::shown::Shown;

/// The number of consecutive draws without a name after which `generate` gives up: fewer than on the command line,
/// because a page is waiting.
const TRIES: u64 = 100_000;

/// The options of `generate` that the library does not know.
#[derive(Deserialize)]
struct Asked {
    model: Slot,
    not_in: Option<Source>,
    #[serde(default)]
    most_likely: bool,
}

impl Session {
    pub(crate) fn generate(&self, given: &Given<'_>) -> Result<Answer, Fault> {
        let (asked, options): (Asked, GenerateOptions) = (given.read()?, given.read()?);
        let shown = self.shown(asked.model)?;
        let listed = match &asked.not_in {
            Some(source) => Some(any_letters(source, given.bytes)?),
            None => None,
        };
        let count = options.count;
        let mut wanted = shown.generate().with(options).give_up_after(TRIES);
        if let Some(listed) = &listed {
            wanted = wanted.not_in(listed);
        }
        if asked.most_likely {
            let found = wanted.most_likely(count)?;
            let names = &found.names;
            let note = match found.complete {
                true => all_that_exist(names.len(), count),
                false => Some(format!(
                    "the search needs too much memory: these are the {} most likely names",
                    names.len()
                )),
            };
            return Ok(Answer::default().finish(json!({
                "names": names.iter().map(|name| written(name, &shown)).collect::<Vec<_>>(),
                "evaluations": 0,
                "exhausted": found.complete && names.len() < count,
                "note": note,
            })));
        }
        let is_conditioned = wanted.is_conditioned();
        let mut drawn = wanted.try_iter()?;
        let names: Vec<Generated> = drawn.by_ref().collect();
        let outcome = drawn.outcome().expect("an iterator that began");
        let note = match outcome.gave_up {
            true => Some(format!(
                "gave up: {TRIES} consecutive draws gave no new name that fits the conditions; loosen a condition, or raise the temperature"
            )),
            false => all_that_exist(names.len(), count),
        };
        let mut back = json!({
            "names": names.iter().map(|name| written(name, &shown)).collect::<Vec<_>>(),
            "evaluations": outcome.evaluations,
            "exhausted": outcome.exhausted,
            "note": note,
        });
        if is_conditioned {
            back["constraint_probability"] = outcome.probability.estimate.into();
            back["low"] = outcome.probability.low.into();
            back["high"] = outcome.probability.high.into();
            back["method"] = json!(outcome.probability.method);
        }
        Ok(Answer::default().finish(back))
    }

    pub(crate) fn score(&self, given: &Given<'_>) -> Result<Answer, Fault> {
        #[derive(Deserialize)]
        struct Score {
            model: Slot,
            text: String,
            /// The same as on the command line.
            #[serde(default = "usual")]
            false_rejection: f64,
        }
        fn usual() -> f64 {
            0.01
        }
        let asked: Score = given.read()?;
        let shown = self.shown(asked.model)?;
        let (text, word) = (asked.text.trim(), shown.vocab.normalized(&asked.text));
        let (judge, recognition) = match asked.model {
            Slot::File => {
                let model = &self.opened()?.model;
                let recognition = Recognition::new(model, Placeholders::usual());
                (model.judge()?, Some(recognition))
            }
            Slot::Run => (None, None),
        };
        let (encoded, message) = match shown.vocab.encode(&word) {
            Ok(encoded) if encoded.is_empty() => (None, Some("it is empty".to_owned())),
            Ok(encoded) => (Some(encoded), None),
            Err(unknown) => (None, Some(unknown.to_string())),
        };
        let mut answer = Answer::default();
        let Some(encoded) = encoded else {
            let reason = recognition.map(|recognition| recognition.of_other(text));
            return Ok(answer.finish(json!({
                "text": text, "log_prob": null, "per_char": null, "places": [], "percentile": null,
                "plausible": judge.map(|_| false), "reason": reason, "message": message,
            })));
        };
        let places = places(&shown, &encoded, &mut answer);
        let total: f64 = token_log_probs(shown.model, &encoded).iter().sum();
        let verdict = judge.map(|judge| judge.verdict(&encoded, total));
        let by_score = |judged| Reason::by_score(&judged, asked.false_rejection);
        let recognized = recognition.and_then(|recognition| recognition.of_word(&word));
        let reason = recognized.or_else(|| verdict.and_then(by_score));
        let mut back = json!({
            "text": text,
            "log_prob": total,
            "per_char": total / (encoded.len() + 1) as f64,
            "places": places,
            "percentile": verdict.map(|verdict| verdict.percentile),
            "plausible": verdict.map(|_| matches!(reason, None | Some(Reason::Known))),
            "reason": reason,
            "message": null,
        });
        if let Some(parts) = shown.parts {
            back["in_list"] = part(parts, &word).into();
        }
        Ok(answer.finish(back))
    }
}

/// A list of unwanted names, with any characters.
fn any_letters(source: &Source, bytes: &[u8]) -> Result<NameList, Fault> {
    let read = Read::of_alphabet(Alphabet::Data);
    Ok(source.read(&read, None, bytes)?.into_list())
}

/// A name with its tokens, and the part of the list that contains it.
fn written(generated: &Generated, shown: &Shown<'_>) -> Value {
    let encoded = shown.vocab.encode(&generated.name).unwrap_or_default();
    let log_probs = token_log_probs(shown.model, &encoded);
    let symbols = encoded.iter().map(|&token| shown.vocab.symbol(token));
    let tokens = symbols.chain([END_SYMBOL]).zip(log_probs);
    let tokens = tokens.map(|(token, log_prob)| json!({"token": token, "log_prob": log_prob}));
    let mut json = json!({
        "name": generated.name,
        "log_prob": generated.log_prob,
        "tokens": tokens.collect::<Vec<_>>(),
    });
    if let Some(parts) = shown.parts {
        json["in_list"] = part(parts, &generated.name).into();
    }
    json
}

/// The part of a list that contains a name.
fn part(parts: &Split, name: &str) -> Option<&'static str> {
    let found = [
        ("train", &parts.train),
        ("val", &parts.val),
        ("test", &parts.test),
    ];
    let found = found.into_iter().find(|(_, list)| list.contains(name));
    found.map(|(part, _)| part)
}

/// The message for the user if fewer names meet the conditions than were requested.
fn all_that_exist(found: usize, wanted: usize) -> Option<String> {
    match found {
        _ if found >= wanted => None,
        0 => Some("no name fits the conditions; loosen one of them".into()),
        1 => Some("only 1 name fits; that is all".into()),
        _ => Some(format!("only {found} names fit; these are all")),
    }
}

/// A word, position by position: the probability of its token, and those of all tokens.
fn places(shown: &Shown<'_>, word: &[Token], answer: &mut Answer) -> Vec<Value> {
    let length = shown.model.context_length();
    windows(word, length)
        .map(|(context, target)| {
            let log_probs = shown.model.next_log_probs(&context);
            let own = log_probs[usize::from(target)];
            json!({
                "context": shown.vocab.decode(&context),
                "token": shown.vocab.symbol(target),
                "log_prob": own,
                "rank": 1 + log_probs.iter().filter(|&&other| other > own).count(),
                "probs": answer.floats(log_probs.iter().map(|x| x.exp() as f32)),
            })
        })
        .collect()
}
