//! The parsers of option values, and the messages for invalid ones.
//!
//! Every number is parsed here, including negative ones, so that a message names the option and its allowed
//! values.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use nextchar::Choice;
use nextchar::data::MAX_NAME_LENGTH;
use nextchar::setting::Allowed;

use crate::failure::Failure;

/// An integer of at least `least`.
pub fn at_least<T: TryFrom<u64>>(
    least: u64,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync {
    integer(least..=u64::MAX)
}

/// An integer from a range.
pub fn integer<T: TryFrom<u64>>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync {
    move |text| {
        let number: Option<u64> = text.parse().ok().filter(|number| range.contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| match (*range.start(), *range.end()) {
            (least, u64::MAX) => format!("must be an integer of at least {least}"),
            (least, most) => format!("must be an integer from {least} to {most}"),
        })
    }
}

/// A parser for the values of a choice; the help lists them with their explanations.
pub fn choice<T: Choice>() -> impl TypedValueParser<Value = T> {
    let value = |&(_, name, help): &(T, &'static str, &'static str)| {
        let value = PossibleValue::new(name);
        if help.is_empty() {
            value
        } else {
            value.help(help)
        }
    };
    PossibleValuesParser::new(T::ALL.iter().map(value))
        .map(|name| T::find(&name).expect("one of the names"))
}

/// A number of threads.
pub fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let number: usize = at_least(1)(text)?;
    Ok(NonZeroUsize::new(number).expect("it is at least 1"))
}

/// The length of a name, in characters.
pub fn name_length(text: &str) -> Result<usize, String> {
    integer(1..=MAX_NAME_LENGTH as u64)(text)
}

/// A number; its range is checked later, with the other options.
pub fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| "must be a number".to_owned())
}

/// Checks a number that is not one of the library's settings.
pub fn in_range(flag: &str, x: f64, allowed: Allowed) -> Result<(), Failure> {
    if allowed.contains(x) {
        return Ok(());
    }
    let requirement = allowed.requirement(x);
    Err(Failure::misuse(format!("{flag} {x}: {requirement}")))
}

/// The longest time: a hundred years.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// A time, which may be 0.
pub fn time(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if time <= LONGEST => Ok(time),
        Ok(_) => Err("must be at most 100 years".to_owned()),
        Err(_) => Err("must be a time such as 2s or 5m".to_owned()),
    }
}

/// A time above 0.
pub fn some_time(text: &str) -> Result<Duration, String> {
    match time(text)? {
        Duration::ZERO => Err("must be a time above 0, such as 2s or 5m".to_owned()),
        time => Ok(time),
    }
}
