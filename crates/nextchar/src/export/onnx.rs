//! ONNX: token ids to logits, for networks, and for mixtures whose counts fit a dense table.

use nextchar_formats::export::onnx;

use super::{Dropped, Export, ExportError, ExportOptions, Exported, Note, dropped};
use crate::door::{Error, Model};

pub struct Onnx;

impl Export for Onnx {
    fn name(&self) -> &'static str {
        "onnx"
    }

    fn about(&self) -> &'static str {
        "ONNX: token ids [batch, context] to logits [batch, classes]"
    }

    fn export(&self, model: &Model, options: &ExportOptions) -> Result<Exported, Error> {
        let whole = model.language_model();
        let bytes = onnx::model(model.vocab(), whole).map_err(|table| ExportError::Table {
            table,
            has_networks: !whole.networks().is_empty(),
        })?;
        let mut exported = Exported::file(bytes);
        exported.notes.extend(Note::of_case(model));
        if whole.repeats().is_some() {
            let part = whole.clone().with_repeats(None);
            exported
                .notes
                .push(dropped(Dropped::Repeats, model, &part, options)?);
        }
        Ok(exported)
    }
}
