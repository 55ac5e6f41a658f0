//! One page that writes names in a browser: the engine and the model are inside.

use nextchar_formats::export::html;

use super::{Export, ExportError, ExportOption, ExportOptions, Exported};
use crate::door::{Error, Model};

pub struct Html;

impl Export for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn about(&self) -> &'static str {
        "One page that writes names in a browser, offline: engine and model are inside"
    }

    fn uses(&self) -> &'static [ExportOption] {
        &[ExportOption::Engine, ExportOption::Title]
    }

    fn export(&self, model: &Model, options: &ExportOptions) -> Result<Exported, Error> {
        let engine = options.engine.as_deref().ok_or(ExportError::NoEngine)?;
        if !html::is_module(engine) {
            return Err(ExportError::NotAModule.into());
        }
        let title = options.title.as_deref().unwrap_or("Names");
        Ok(Exported::file(html::page(
            title,
            engine,
            &model.to_bytes()?,
        )))
    }
}
