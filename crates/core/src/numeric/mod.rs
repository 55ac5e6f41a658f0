//! Numerical methods that know nothing about names or models.
//!
//! Every function adds its terms in one documented order and takes exponentials and logarithms from the same
//! implementation everywhere, so that results are bit-identical on every machine.

pub(crate) mod bfgs;
pub(crate) mod fold;
pub(crate) mod jacobi;
pub(crate) mod logistic;
pub(crate) mod newton;
pub(crate) mod softmax;
