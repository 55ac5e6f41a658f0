//! The counted windows of the model's names as Parquet, which training reads in place of a list.

use super::{Export, ExportOption, ExportOptions, Exported};
use crate::door::{Error, Model};

pub struct Counts;

impl Export for Counts {
    fn name(&self) -> &'static str {
        "counts"
    }

    fn about(&self) -> &'static str {
        "The counted windows of the model's names as Parquet, to train from"
    }

    fn uses(&self) -> &'static [ExportOption] {
        &[ExportOption::Context, ExportOption::Part]
    }

    fn export(&self, model: &Model, options: &ExportOptions) -> Result<Exported, Error> {
        let names = model.names().ok_or(Error::WithoutNames)?;
        Ok(Exported::file(parquet(model, names, options)?))
    }
}

#[cfg(feature = "parquet")]
fn parquet(
    model: &Model,
    names: &nextchar_core::data::Split,
    options: &ExportOptions,
) -> Result<Vec<u8>, Error> {
    use nextchar_core::data::{CountedWindows, folds};
    use nextchar_formats::counts::{FOLDS, to_bytes};

    use super::ExportError;
    use crate::corpus::LONGEST_COUNTS;
    use crate::counted::Part;

    let own = model.language_model().tokens_seen();
    let context = options.context.unwrap_or(own.max(LONGEST_COUNTS));
    let lists = match options.part.unwrap_or(Part::Train) {
        Part::Train => folds(&names.train, FOLDS),
        Part::Val => vec![names.val.clone()],
        Part::Test => vec![names.test.clone()],
    };
    let count = |list| CountedWindows::from_list(list, model.vocab(), context);
    let tables = lists.iter().map(count).collect::<Result<Vec<_>, _>>()?;
    let bytes = to_bytes(model.vocab(), &tables, model.record().longest_name);
    bytes.map_err(|fault| ExportError::Counts(fault).into())
}

#[cfg(not(feature = "parquet"))]
fn parquet(_: &Model, _: &nextchar_core::data::Split, _: &ExportOptions) -> Result<Vec<u8>, Error> {
    Err(Error::WithoutParquet)
}
