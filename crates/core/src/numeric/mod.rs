//! Numerical methods that know nothing of names: fits, eigenvectors, folds.

pub(crate) mod logistic;
