//! optimizer.rs: one step of AdamW or of plain gradient descent, and the averaging of weights.

use crate::generic::elementwise::Elementwise;
use crate::vector::Vector;

/// The settings of one AdamW step (decoupled weight decay, as in PyTorch's `AdamW`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// The step size.
    pub learning_rate: f32,
    /// β₁: the share of the first moment that is kept.
    pub beta1: f32,
    /// β₂: the share of the second moment that is kept.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// First, every parameter is multiplied by `1 − learning_rate · weight_decay`.
    pub weight_decay: f32,
    /// 1 / (1 − β₁ᵗ) at step t = 1, 2, …
    pub first_correction: f32,
    /// 1 / (1 − β₂ᵗ) at step t = 1, 2, …
    pub second_correction: f32,
}

/// Writes params, first and second moment; reads the gradients.
impl Elementwise<1, 3> for AdamW {
    #[inline(always)]
    fn apply<V: Vector>(&self, [grad]: [V; 1], [param, first, second]: [V; 3]) -> [V; 3] {
        let kept = param * param.like(1.0 - self.learning_rate * self.weight_decay);
        let first = first.like(1.0 - self.beta1).mul_add(grad - first, first);
        let second =
            (grad * grad).mul_add(grad.like(1.0 - self.beta2), second * grad.like(self.beta2));
        let size = (second * grad.like(self.second_correction)).sqrt() + grad.like(self.epsilon);
        let step = first * grad.like(-self.learning_rate * self.first_correction) / size;
        [kept + step, first, second]
    }
}

/// param ← param − rate·grad.
pub(crate) struct Sgd {
    pub(crate) learning_rate: f32,
}

impl Elementwise<1, 1> for Sgd {
    #[inline(always)]
    fn apply<V: Vector>(&self, [grad]: [V; 1], [param]: [V; 1]) -> [V; 1] {
        [grad.mul_add(grad.like(-self.learning_rate), param)]
    }
}

/// into ← into + weight·from.
pub(crate) struct Axpy {
    pub(crate) weight: f32,
}

impl Elementwise<1, 1> for Axpy {
    #[inline(always)]
    fn apply<V: Vector>(&self, [from]: [V; 1], [into]: [V; 1]) -> [V; 1] {
        [from.mul_add(from.like(self.weight), into)]
    }
}

/// into ← into + weight·(from − into).
pub(crate) struct Lerp {
    pub(crate) weight: f32,
}

impl Elementwise<1, 1> for Lerp {
    #[inline(always)]
    fn apply<V: Vector>(&self, [from]: [V; 1], [into]: [V; 1]) -> [V; 1] {
        [(from - into).mul_add(from.like(self.weight), into)]
    }
}
