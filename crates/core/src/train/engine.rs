//! What a run computes with: instructions and threads. They affect its speed and never its result.

use nextchar_kernels::{Arithmetic, InstructionSet, Kernels};

use crate::error::Error;
use crate::executor::Executor;

/// Vector instructions and an executor.
#[derive(Debug)]
pub struct Engine<'a> {
    /// The vector instructions of the kernels.
    pub instruction_set: InstructionSet,
    /// The executor of the shards.
    pub executor: &'a dyn Executor,
}

impl<'a> Engine<'a> {
    /// The fastest instructions of this machine.
    pub fn new(executor: &'a dyn Executor) -> Self {
        Engine {
            instruction_set: Kernels::best(Arithmetic::Unfused).instruction_set(),
            executor,
        }
    }

    /// Its kernels, with fused or portable arithmetic.
    ///
    /// # Errors
    /// [`Error::NoInstructions`] if this machine lacks the instructions.
    pub(crate) fn kernels(&self, portable: bool) -> Result<Kernels, Error> {
        let arithmetic = if portable {
            Arithmetic::Unfused
        } else {
            Arithmetic::Fused
        };
        let kernels = Kernels::new(self.instruction_set, arithmetic);
        kernels.ok_or(Error::NoInstructions {
            instruction_set: self.instruction_set,
            fused: !portable,
        })
    }
}
