//! What a run computes with: instructions and threads, which change its speed and never its result.

use nextchar_kernels::{Arithmetic, InstructionSet, Kernels};

use crate::error::Error;
use crate::executor::Executor;

/// Instructions, and who runs the shards.
#[derive(Debug)]
pub struct Engine<'a> {
    /// The vector instructions of the kernels.
    pub instruction_set: InstructionSet,
    /// Who runs the shards.
    pub executor: &'a dyn Executor,
}

impl<'a> Engine<'a> {
    /// The fastest instructions that this machine has.
    pub fn new(executor: &'a dyn Executor) -> Self {
        Engine {
            instruction_set: Kernels::best(Arithmetic::Unfused).instruction_set(),
            executor,
        }
    }

    /// Its kernels, fused or portable.
    ///
    /// # Errors
    /// [`Error::NoInstructions`] where this machine lacks the instructions.
    pub(crate) fn kernels(&self, portable: bool) -> Result<Kernels, Error> {
        let arithmetic = match portable {
            true => Arithmetic::Unfused,
            false => Arithmetic::Fused,
        };
        Kernels::new(self.instruction_set, arithmetic).ok_or_else(|| {
            let kind = if portable { "" } else { "fused " };
            Error::NoInstructions(format!("{kind}{}", self.instruction_set))
        })
    }
}
