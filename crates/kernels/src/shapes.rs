//! shapes.rs: matrices and contexts in the form that the kernels accept.

/// The sizes of a product: left \[rows, inner\] · right \[inner, columns\].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatmulShape {
    /// Rows of the left operand and of the result.
    pub rows: usize,
    /// Columns of the left operand, rows of the right one: the length of every sum.
    pub inner: usize,
    /// Columns of the right operand and of the result; a multiple of [`LANES`](crate::LANES).
    pub columns: usize,
}

/// A matrix whose element (i, j) is `data[i * row_stride + j * column_stride]`:
/// row-major with strides (width, 1), and its transpose with (1, width).
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a> {
    /// The numbers.
    pub data: &'a [f32],
    /// Distance from one row to the next.
    pub row_stride: usize,
    /// Distance from one column to the next.
    pub column_stride: usize,
}

/// A matrix of contiguous rows: element (i, j) is `data[i * stride + j]`.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The numbers.
    pub data: &'a [f32],
    /// Distance from one row to the next.
    pub stride: usize,
}

/// A matrix of contiguous rows to be written: element (i, j) is `data[i * stride + j]`.
#[derive(Debug)]
pub struct RowsMut<'a> {
    /// The numbers.
    pub data: &'a mut [f32],
    /// Distance from one row to the next; at least the number of columns.
    pub stride: usize,
}

/// The initial value of a product's sums.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// 0.
    Zero,
    /// A bias \[columns\], the same for every row.
    Bias(&'a [f32]),
    /// The current contents of the result.
    Accumulate,
}

/// The contexts of a block of rows, as tokens.
#[derive(Clone, Copy, Debug)]
pub struct Contexts<'a> {
    /// \[B, length\], each below `vocab_size`.
    pub tokens: &'a [u16],
    /// Tokens in a context.
    pub length: usize,
    /// The number of tokens.
    pub vocab_size: usize,
}
