//! The library's settings and hints in the words of the command line: flags and other programs.

use nextchar::error::Hint;
use nextchar::setting::Setting;

/// The flag of a setting; none for what only a file can hold.
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

/// What to do, for somebody at a command line.
pub fn words(hint: Hint) -> Option<String> {
    let words = match hint {
        Hint::NameColumn => "--column COLUMN says which column holds the names",
        Hint::RenameColumn => "give one of them another name in the header",
        Hint::AnyCharacter => "--alphabet data takes other letters too",
        Hint::SkipLines => "without --strict such lines are skipped",
        Hint::SkipLinesOrAnyCharacter => {
            "without --strict such lines are skipped, and --alphabet data takes any letter"
        }
        Hint::CloseQuote => {
            "close it; a double quote that belongs to a cell is written twice, within double quotes"
        }
        Hint::CountDuplicates => {
            "--keep-duplicates counts the lines of a name, --weights COLUMN reads its count"
        }
        Hint::KeepNames => "leave out --no-names",
        Hint::UseAdamW => "--weight-decay needs --optimizer adamw",
        Hint::SaveAsCsv => "save the table as CSV, and name the column of the names with --column",
        Hint::SaveAsUtf8 => "save it as UTF-8, such as with `iconv -f UTF-16 -t UTF-8`",
        Hint::UseAsModel => "a model is given with --model, to `nextchar generate` or `score`",
        Hint::CountsOrCsv => {
            "`nextchar train --counts` learns from counted windows; save names as text or CSV"
        }
        Hint::OneNameALine => "a list has one name a line, or is a CSV file with a header",
        Hint::Context(longest) => {
            return Some(format!(
                "try --context {longest} or less (and --counts-context, where it is longer)"
            ));
        }
        Hint::Unpack(program) => return Some(format!("unpack it first, with `{program}`")),
        _ => return None,
    };
    Some(words.to_owned())
}
