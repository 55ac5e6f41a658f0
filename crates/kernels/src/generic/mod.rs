//! generic: the algorithms, each written once over any instance of the vector trait.

mod doubles;
pub(crate) mod exp64;
pub(crate) mod functions;
pub(crate) mod log64;

pub(crate) mod dropout;
pub(crate) mod elementwise;

pub(crate) mod matmul;

pub(crate) mod softmax;

pub(crate) mod rows;

pub(crate) mod optimizer;

pub(crate) mod chains;
