//! The programs that run a bare `state_dict` next to them.
//!
//! They read shapes, alphabet and activation from the weights file, so their text never changes.

/// An `nn.Module` whose `load_state_dict` accepts the tensors as they are.
pub const PYTORCH: &str = include_str!("programs/pytorch_program.py");

/// The same with NumPy only, in double precision.
pub const NUMPY: &str = include_str!("programs/numpy_program.py");
