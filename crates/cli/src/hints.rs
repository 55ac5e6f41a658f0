//! The library's settings and hints in terms of the command line: flags and other programs.

use nextchar::error::Hint;
use nextchar::setting::Setting;

/// The flag of a setting; `None` for a setting that only files have.
pub fn flag(setting: Setting) -> Option<&'static str> {
    Some(match setting {
        Setting::ContextLength => "--context",
        Setting::CountsContext => "--counts-context",
        Setting::EmbeddingDim => "--embedding",
        Setting::HiddenSize | Setting::HiddenLayers => "--hidden",
        Setting::Activation => "--activation",
        Setting::Residual => "--residual",
        Setting::Init => "--init",
        Setting::Optimizer => "--optimizer",
        Setting::LearningRate => "--learning-rate",
        Setting::Schedule => "--schedule",
        Setting::BatchSize => "--batch",
        Setting::Draw => "--draw",
        Setting::Steps => "--steps",
        Setting::Epochs => "--epochs",
        Setting::EvaluateEvery => "--evaluate-every",
        Setting::Patience => "--patience",
        Setting::TargetLoss => "--target-loss",
        Setting::WeightDecay => "--weight-decay",
        Setting::Dropout => "--dropout",
        Setting::BatchNorm => "--batch-norm",
        Setting::LabelSmoothing => "--label-smoothing",
        Setting::Averaging => "--averaging",
        Setting::Networks => "--networks",
        Setting::Distill => "--distill",
        Setting::Temperature => "--temperature",
        Setting::TopK => "--top-k",
        Setting::TopP => "--top-p",
        Setting::MinLength => "--min-length",
        Setting::MaxLength => "--max-length",
        _ => return None,
    })
}

/// How to fix a fault, for users of the command line.
pub fn words(hint: Hint) -> Option<String> {
    let words = match hint {
        Hint::NameColumn => {
            "select the column that contains the names with --column COLUMN, or by its position, such as --column '#2'"
        }
        Hint::ColumnPosition => {
            "if this is not a header, select columns by position, such as --column '#2'"
        }
        Hint::NameKey => {
            "select the key that contains the names with --column KEY; where that is no option, `jq -r .KEY` writes one name per line"
        }
        Hint::RenameColumn => "rename one of them in the header",
        Hint::AnyCharacter => "--alphabet data accepts other characters too",
        Hint::SkipLines => "without --strict, such lines are skipped",
        Hint::SkipLinesOrAnyCharacter => {
            "without --strict, such lines are skipped; --alphabet data accepts other characters too"
        }
        Hint::CloseQuote => {
            "close it; to include a double quote in a cell, write it twice and put the cell in double quotes"
        }
        Hint::CountDuplicates => {
            "--keep-duplicates counts the lines of each name; --weights COLUMN reads its count"
        }
        Hint::KeepNames => "omit --no-names",
        Hint::UseAdamW => "--weight-decay needs --optimizer adamw",
        Hint::SaveAsCsv => {
            "save the table as CSV, and select the column that contains the names with --column"
        }
        Hint::SaveAsUtf8 => "convert it to UTF-8, for example with `iconv -f UTF-32 -t UTF-8`",
        Hint::JsonLines => {
            "`jq -c '.[]'` writes the values of an array on a line each; objects need --column KEY"
        }
        Hint::UseAsModel => {
            "use a model with `nextchar generate --model FILE` or `nextchar score --model FILE`"
        }
        Hint::Parquet => {
            "build it again with `cargo build --release --features parquet` to read a column of it, or save the table as CSV"
        }
        Hint::OneNameALine => {
            "a list has one name per line, or is a table such as CSV, or JSON Lines"
        }
        Hint::Context(longest) => {
            return Some(format!(
                "try --context {longest} or less, and the same for --counts-context"
            ));
        }
        Hint::Unpack(program) => return Some(format!("unpack it first, with `{program}`")),
        _ => return None,
    };
    Some(words.to_owned())
}
