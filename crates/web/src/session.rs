//! One session: the run that is learning, the model that was opened or finished, and every call by name.

use nextchar::data::Vocab;
use nextchar::model::Network;
use nextchar::{LanguageModel, Mixture};
use nextchar_formats::ModelFile;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::inside::Axes;
use crate::training::Training;

/// What a session holds between calls.
#[derive(Default)]
pub(crate) struct Session {
    pub(crate) training: Option<Training>,
    pub(crate) file: Option<Opened>,
    pub(crate) axes: Axes,
}

/// The model in the slot "file".
pub(crate) struct Opened {
    pub(crate) file: ModelFile,
    pub(crate) bytes: Vec<u8>,
}

/// Which of the two models a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Slot {
    Run,
    File,
}

/// A model, whichever slot it stands in.
pub(crate) struct Shown<'a> {
    pub(crate) vocab: &'a Vocab,
    pub(crate) networks: &'a [Network],
    pub(crate) model: &'a dyn LanguageModel,
    /// The whole model where it is more than its first network.
    pub(crate) whole: Option<&'a Mixture>,
    pub(crate) step: Option<u64>,
}

/// Byte strings of the request, by where they begin and how long they are.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Bytes {
    #[serde(rename = "$bytes")]
    range: (usize, usize),
}

impl Bytes {
    pub(crate) fn of<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], Fault> {
        let (start, length) = self.range;
        bytes
            .get(start..start.saturating_add(length))
            .ok_or_else(|| Fault::new("a request without the bytes that it names"))
    }
}

/// A request as it is written.
#[derive(Deserialize)]
struct Request {
    call: String,
    give: Map<String, Value>,
}

/// A request as a call sees it.
pub(crate) struct Given<'a> {
    give: &'a Map<String, Value>,
    pub(crate) bytes: &'a [u8],
}

impl Given<'_> {
    /// What is given, as a type.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        read(self.give)
    }
}

/// Named fields as a type. (serde's own way from a value takes unnamed ones too: code that nobody calls.)
pub(crate) fn read<T: DeserializeOwned>(fields: &Map<String, Value>) -> Result<T, Fault> {
    let named = fields.iter().map(|(name, value)| (name.as_str(), value));
    Ok(T::deserialize(
        MapDeserializer::<_, serde_json::Error>::new(named),
    )?)
}

impl Session {
    /// Answers a request.
    pub(crate) fn answer(&mut self, json: &[u8], bytes: &[u8]) -> Answer {
        self.answered(json, bytes).unwrap_or_else(Answer::from)
    }

    fn answered(&mut self, json: &[u8], bytes: &[u8]) -> Result<Answer, Fault> {
        let json = str::from_utf8(json).map_err(|_| Fault::new("a request that is not UTF-8"))?;
        let Request { call, give } = read(&serde_json::from_str(json)?)?;
        self.dispatch(&call, &Given { give: &give, bytes })
    }

    fn dispatch(&mut self, call: &str, given: &Given<'_>) -> Result<Answer, Fault> {
        match call {
            "hello" => Ok(self.hello()),
            "check" => self.check(given),
            "names" => self.names(given),
            "start" => self.start(given),
            "baselines" => self.baselines(given),
            "reset" => self.reset(),
            "advance" => self.advance(given),
            "progress" => self.progress(given),
            "finish" => self.finish(),
            "open" => self.open(given),
            "save" => self.save(),
            "inspect" => self.inspect(given),
            "plane" => self.plane(given),
            "neighbors" => self.neighbors(given),
            "generate" => self.generate(given),
            "score" => self.score(given),
            _ => Err(Fault::new(format!("there is no call {call:?}"))),
        }
    }

    /// The opened model.
    pub(crate) fn opened(&self) -> Result<&Opened, Fault> {
        let none = || Fault::new("no model is open").help("open one, or finish a run");
        self.file.as_ref().ok_or_else(none)
    }

    /// The model in a slot.
    pub(crate) fn shown(&self, slot: Slot) -> Result<Shown<'_>, Fault> {
        if slot == Slot::Run {
            let none = || Fault::new("there is no run").help("start one");
            return self.training.as_ref().ok_or_else(none)?.shown();
        }
        let file = &self.opened()?.file;
        let networks = file.model.networks();
        let whole = networks.len() > 1 || file.model.counts().is_some();
        Ok(Shown {
            vocab: &file.vocab,
            networks,
            model: &file.model,
            whole: whole.then_some(&file.model),
            step: None,
        })
    }
}

impl Shown<'_> {
    /// The first network.
    pub(crate) fn network(&self) -> Result<&Network, Fault> {
        let none = || Fault::new("this model only counts: it has no network to look into");
        self.networks.first().ok_or_else(none)
    }
}
