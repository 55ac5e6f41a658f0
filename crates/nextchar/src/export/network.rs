//! PyTorch and NumPy: the networks' weights, and a program that runs them.

use nextchar_core::combine::mixture::{Mixture, Weights};
use nextchar_formats::export::programs;
use nextchar_formats::state_dict;

use super::{
    Dropped, Export, ExportError, ExportOptions, Exported, Files, Note, dropped, networks,
};
use crate::door::{Error, Model};

/// A program in some language, with weights beside it.
pub struct Program {
    name: &'static str,
    about: &'static str,
    text: &'static str,
}

pub const PYTORCH: Program = Program {
    name: "pytorch",
    about: "A PyTorch program (.py) and its weights (.safetensors)",
    text: programs::PYTORCH,
};

pub const NUMPY: Program = Program {
    name: "numpy",
    about: "The same in NumPy",
    text: programs::NUMPY,
};

impl Export for Program {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn files(&self) -> Files {
        Files::WeightsAndProgram
    }

    fn export(&self, model: &Model, options: &ExportOptions) -> Result<Exported, Error> {
        let networks = networks(model)?;
        if model.vocab().alphabet().is_none() {
            return Err(Error::Export(ExportError::NotCharacters));
        }
        let weights = state_dict::to_bytes(model.vocab(), networks, model.record().longest_name)?;
        let whole = model.language_model();
        let lost = match (whole.counts(), whole.repeats()) {
            (None, None) => None,
            (Some(_), None) => Some(Dropped::Counts),
            (None, Some(_)) => Some(Dropped::Repeats),
            (Some(_), Some(_)) => Some(Dropped::CountsAndRepeats),
        };
        let mut notes = Vec::from_iter(Note::of_case(model));
        if let Some(lost) = lost {
            let alone = Mixture::new(networks.to_vec(), None, Weights::default())?;
            notes.push(dropped(lost, model, &alone, options)?);
        }
        Ok(Exported {
            files: vec![weights, self.text.into()],
            notes,
        })
    }
}
