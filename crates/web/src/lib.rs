//! The library for WebAssembly: one session behind one function. A call consists of a name, JSON and byte strings;
//! the answer of JSON, byte strings and f32 numbers. `web/src/engine/protocol.ts` defines the calls;
//! `web/src/engine/module.ts` is the counterpart of [`abi`].

pub mod abi;
mod answer;
mod calls;
mod fault;
mod inside;
mod lists;
mod models;
mod request;
mod session;
mod shown;
mod training;
