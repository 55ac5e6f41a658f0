//! Which method draws the names of a request.

use crate::executor::Executor;
use crate::sample::conditions::Filter;
use crate::sample::methods::Draws;
use crate::sample::methods::adaptive::Adaptive;
use crate::sample::methods::bounds::Bounds;
use crate::sample::methods::dynamic::{DynamicProgram, Limits};
use crate::sample::methods::free::Free;
use crate::sample::probability::Method;
use crate::sample::source::Setup;

/// The requested method, or by default the fastest; [`Method`] documents the rule. Where the dynamic
/// program would be too large, free draws or bounds replace it.
pub(crate) fn choose<'a>(
    method: Option<Method>,
    setup: Setup<'a>,
    filter: Filter,
    log_probs: bool,
    executor: &dyn Executor,
) -> Box<dyn Draws + 'a> {
    match method {
        Some(Method::Draws) => return Box::new(Free::new(setup, filter)),
        Some(Method::Bounds) => return Box::new(Bounds::new(setup, filter)),
        None if setup.likely => return Box::new(Adaptive::new(setup, filter)),
        Some(Method::Exact) | None => {}
    }
    match DynamicProgram::new(setup.clone(), filter, Limits::QUICK, log_probs, executor) {
        Ok(program) => Box::new(program),
        Err(filter) if method.is_none() => Box::new(Adaptive::new(setup, filter)),
        Err(filter) if setup.unique => Box::new(Bounds::new(setup, filter)),
        Err(filter) => Box::new(Free::new(setup, filter)),
    }
}
