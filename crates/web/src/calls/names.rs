//! Names written and judged: what `generate`, `score` and `explain --word` do.

use nextchar::data::{Alphabet, NameList, Split, windows};
use nextchar::sample::{Conditions, Generated, Generator, Request, SampleConfig, most_likely};
use nextchar::score::{Judge, token_log_probs};
use nextchar::text::Token;
use nextchar::text::clean;
use nextchar::{Error, Serial};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::lists::{Read, Source};
use crate::request::{Given, Slot};
use crate::session::Session;
use crate::shown::Shown;

/// Attempts in a row without a name after which it is said that there may be none: fewer than the command
/// line's, for a page that waits.
const TRIES: u64 = 100_000;

/// The options of `generate`.
#[derive(Deserialize)]
#[serde(default)]
struct Generate {
    model: Slot,
    count: usize,
    temperature: f64,
    top_k: Option<usize>,
    top_p: Option<f64>,
    min_length: usize,
    max_length: Option<usize>,
    prefix: Vec<String>,
    suffix: Vec<String>,
    contains: Vec<String>,
    exclude: Vec<String>,
    letters: Option<String>,
    pattern: Vec<String>,
    not_in: Option<Source>,
    novel: bool,
    unique: bool,
    most_likely: bool,
    seed: String,
}

impl Default for Generate {
    fn default() -> Self {
        Generate {
            model: Slot::File,
            count: 20,
            temperature: 1.0,
            top_k: None,
            top_p: None,
            min_length: 1,
            max_length: None,
            prefix: Vec::new(),
            suffix: Vec::new(),
            contains: Vec::new(),
            exclude: Vec::new(),
            letters: None,
            pattern: Vec::new(),
            not_in: None,
            novel: false,
            unique: false,
            most_likely: false,
            seed: "42".into(),
        }
    }
}

impl Session {
    pub(crate) fn generate(&self, given: &Given<'_>) -> Result<Answer, Fault> {
        let asked: Generate = given.read()?;
        let shown = self.shown(asked.model)?;
        let parts = self.parts(asked.model);
        let longest = self.longest(asked.model)?.max(1);
        let conditions = Conditions {
            min_length: asked.min_length,
            max_length: asked.max_length.unwrap_or(longest.max(asked.min_length)),
            prefixes: asked.prefix,
            suffixes: asked.suffix,
            contains: asked.contains,
            excludes: asked.exclude,
            letters: asked.letters,
            patterns: asked.pattern,
        };
        let listed = match &asked.not_in {
            Some(source) => Some(any_letters(source, given.bytes)?),
            None => None,
        };
        let mut unwanted: Vec<&NameList> = listed.iter().collect();
        if asked.novel {
            let none = "this model was saved without the names that it was made from";
            let parts = parts.ok_or_else(|| Fault::new(none))?;
            unwanted.extend([&parts.train, &parts.val, &parts.test]);
        }
        let only_length = Conditions {
            max_length: longest,
            ..Conditions::default()
        };
        let conditioned = conditions != only_length || !unwanted.is_empty();
        let (model, vocab) = (shown.model, shown.vocab);
        if asked.most_likely {
            let names = most_likely(model, vocab, &conditions, &unwanted, asked.count)?;
            return Ok(Answer::default().finish(json!({
                "names": names.iter().map(|name| written(name, &shown, parts)).collect::<Vec<_>>(),
                "evaluations": 0,
                "exhausted": names.len() < asked.count,
                "note": all_that_exist(names.len(), asked.count),
            })));
        }
        let request = Request {
            count: asked.count,
            config: SampleConfig::new(asked.temperature, asked.top_k, asked.top_p)?,
            conditions,
            unwanted,
            unique: asked.unique,
            tries: TRIES,
            ..Request::default()
        };
        let seed = asked.seed.parse().unwrap_or_else(|never| match never {});
        let mut generator = Generator::new(model, vocab, request, &seed, &Serial)?;
        let names: Vec<Generated> = generator.by_ref().collect();
        let outcome = generator.outcome();
        let note = match outcome.gave_up {
            true => Some(format!(
                "gave up after {TRIES} attempts in a row that brought nothing; loosen a condition, or raise the temperature"
            )),
            false => all_that_exist(names.len(), asked.count),
        };
        let mut back = json!({
            "names": names.iter().map(|name| written(name, &shown, parts)).collect::<Vec<_>>(),
            "evaluations": outcome.evaluations,
            "exhausted": outcome.exhausted,
            "note": note,
        });
        if conditioned {
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
            /// As the command line's.
            #[serde(default = "usual")]
            false_rejection: f64,
        }
        fn usual() -> f64 {
            0.01
        }
        let asked: Score = given.read()?;
        let shown = self.shown(asked.model)?;
        let (text, word) = (asked.text.trim(), clean(asked.text.trim()));
        let judges = asked.model == Slot::File && self.opened()?.file.record.plausibility.is_some();
        let (encoded, reason) = match shown.vocab.encode(&word) {
            Ok(encoded) if encoded.is_empty() => (None, Some("it is empty".to_owned())),
            Ok(encoded) => (Some(encoded), None),
            Err(unknown) => (None, Some(unknown.to_string())),
        };
        let mut answer = Answer::default();
        let Some(encoded) = encoded else {
            return Ok(answer.finish(json!({
                "text": text, "log_prob": null, "per_char": null, "places": [], "percentile": null,
                "plausible": judges.then_some(false), "reason": reason,
            })));
        };
        let places = places(&shown, &encoded, &mut answer);
        let total: f64 = token_log_probs(shown.model, &encoded).iter().sum();
        let percentile = self.percentile(asked.model, &encoded, total)?;
        let mut back = json!({
            "text": text,
            "log_prob": total,
            "per_char": total / (encoded.len() + 1) as f64,
            "places": places,
            "percentile": percentile,
            "plausible": percentile.map(|rank| rank >= 100.0 * asked.false_rejection),
            "reason": null,
        });
        if let Some(parts) = self.parts(asked.model) {
            back["in_list"] = part(parts, &word).into();
        }
        Ok(answer.finish(back))
    }

    /// The share of real names that a word is above, where the model can tell.
    fn percentile(&self, slot: Slot, word: &[Token], log_prob: f64) -> Result<Option<f64>, Error> {
        let file = match (slot, &self.file) {
            (Slot::File, Some(opened)) => &opened.file,
            _ => return Ok(None),
        };
        let Some(plausibility) = &file.record.plausibility else {
            return Ok(None);
        };
        let judge = Judge::new(&file.bigrams, plausibility.clone())?;
        Ok(Some(judge.verdict(word, log_prob).percentile))
    }

    /// The names that a model was made from, by part.
    fn parts(&self, slot: Slot) -> Option<&Split> {
        match slot {
            Slot::Run => self
                .training
                .as_ref()
                .map(|training| &training.corpus().parts),
            Slot::File => self.file.as_ref()?.file.names.as_ref(),
        }
    }

    /// The length of the longest of them.
    fn longest(&self, slot: Slot) -> Result<usize, Fault> {
        match slot {
            Slot::Run => Ok(self
                .training
                .as_ref()
                .map_or(0, |training| training.corpus().longest())),
            Slot::File => Ok(self.opened()?.file.record.longest_name),
        }
    }
}

/// A list of names that are not wanted, of any letters.
fn any_letters(source: &Source, bytes: &[u8]) -> Result<NameList, Fault> {
    let read = Read::of_alphabet(Alphabet::Data);
    Ok(source.read(&read, None, bytes)?.names)
}

/// A name with its letters, and where it stands in the list.
fn written(generated: &Generated, shown: &Shown<'_>, parts: Option<&Split>) -> Value {
    let encoded = shown.vocab.encode(&generated.name).unwrap_or_default();
    let log_probs = token_log_probs(shown.model, &encoded);
    let tokens = generated.name.chars().chain(['_']).zip(log_probs);
    let tokens = tokens.map(|(token, log_prob)| json!({"token": token, "log_prob": log_prob}));
    let mut json = json!({
        "name": generated.name,
        "log_prob": generated.log_prob,
        "tokens": tokens.collect::<Vec<_>>(),
    });
    if let Some(parts) = parts {
        json["in_list"] = part(parts, &generated.name).into();
    }
    json
}

/// The part of a list that a name stands in.
fn part(parts: &Split, name: &str) -> Option<&'static str> {
    let found = [
        ("train", &parts.train),
        ("val", &parts.val),
        ("test", &parts.test),
    ];
    let found = found.into_iter().find(|(_, list)| list.contains(name));
    found.map(|(part, _)| part)
}

/// What a person should know where fewer names fit than were asked for.
fn all_that_exist(found: usize, wanted: usize) -> Option<String> {
    match found {
        _ if found >= wanted => None,
        0 => Some("no name fits the conditions; loosen one".into()),
        1 => Some("only 1 name fits; it is the only one".into()),
        _ => Some(format!("only {found} names fit; these are all")),
    }
}

/// A word letter by letter: how likely each was, and everything that could have stood there.
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
