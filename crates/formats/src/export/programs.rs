//! The programs that stand beside a bare `state_dict` and run it.
//!
//! They read shapes, alphabet and activation from the weights, so that their text never changes.

/// A `nn.Module` whose `load_state_dict` takes the tensors as they are.
pub const PYTORCH: &str = include_str!("programs/pytorch_program.py");

/// The same in NumPy alone, in double precision.
pub const NUMPY: &str = include_str!("programs/numpy_program.py");
