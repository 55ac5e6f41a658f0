//! What the embedding learnt: letters that are alike, and the map of all letters in the plane.

use serde::Serialize;

use crate::model::Network;
use crate::numeric::jacobi::eigenvectors;
use crate::text::Token;

/// A letter near another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Neighbor {
    /// The letter, or the end mark.
    pub token: Token,
    /// Cosine of the angle between the two embeddings, the mean of all letters taken as the origin; the
    /// mean over the networks.
    pub similarity: f64,
}

/// All letters by their likeness to one, the most alike first.
pub fn neighbors(networks: &[Network], token: Token) -> Vec<Neighbor> {
    let maps: Vec<Vec<Vec<f64>>> = networks.iter().map(centred).collect();
    let vocab_size = networks.first().map_or(0, |n| n.config().vocab_size);
    let others = (0..vocab_size as Token).filter(|&other| other != token);
    let mut found: Vec<Neighbor> = others
        .map(|other| {
            let cosines = maps
                .iter()
                .map(|rows| cosine(&rows[usize::from(token)], &rows[usize::from(other)]));
            Neighbor {
                token: other,
                similarity: cosines.sum::<f64>() / maps.len() as f64,
            }
        })
        .collect();
    found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
    found
}

/// The letters as points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plane {
    /// A point for each token.
    pub points: Vec<[f64; 2]>,
    /// The share of all variance that each axis shows; `None` where the embedding is the plane.
    pub explained: Option<[f64; 2]>,
}

/// The embedding in the plane: as it is where it has two dimensions, else its two principal
/// components (Pearson 1901), each with its largest entry positive.
pub fn letter_plane(network: &Network) -> Plane {
    let dim = network.config().embedding_dim;
    if dim == 2 {
        let rows = network.params().embedding.chunks_exact(2);
        let points = rows.map(|row| [f64::from(row[0]), f64::from(row[1])]);
        return Plane {
            points: points.collect(),
            explained: None,
        };
    }
    let rows = centred(network);
    let mut covariance = vec![vec![0.0; dim]; dim];
    for row in &rows {
        for (x, sums) in row.iter().zip(&mut covariance) {
            for (y, sum) in row.iter().zip(sums) {
                *sum += x * y;
            }
        }
    }
    let total: f64 = (0..dim).map(|index| covariance[index][index]).sum();
    let components = eigenvectors(covariance);
    let axis = |index: usize| components.get(index).cloned().unwrap_or_default();
    let ((first, along_first), (second, along_second)) = (axis(0), axis(1));
    let project = |row: &Vec<f64>, axis: &[f64]| row.iter().zip(axis).map(|(x, y)| x * y).sum();
    Plane {
        points: rows
            .iter()
            .map(|row| [project(row, &along_first), project(row, &along_second)])
            .collect(),
        explained: Some([first, second].map(|value| value / total.max(f64::MIN_POSITIVE))),
    }
}

/// The embedding's rows less their mean.
fn centred(network: &Network) -> Vec<Vec<f64>> {
    let dim = network.config().embedding_dim;
    let embedding = &network.params().embedding;
    let mut mean = vec![0.0; dim];
    for row in embedding.chunks_exact(dim) {
        for (sum, x) in mean.iter_mut().zip(row) {
            *sum += f64::from(*x) * dim as f64 / embedding.len() as f64;
        }
    }
    let rows = embedding.chunks_exact(dim);
    rows.map(|row| {
        row.iter()
            .zip(&mean)
            .map(|(&x, m)| f64::from(x) - m)
            .collect()
    })
    .collect()
}

fn cosine(one: &[f64], other: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    dot(one, other)
        / (dot(one, one) * dot(other, other))
            .sqrt()
            .max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Activation, Init, ModelConfig, Params};
    use crate::rng::Seed;

    fn network(embedding_dim: usize) -> Network {
        let config = ModelConfig {
            vocab_size: 9,
            context_length: 2,
            embedding_dim,
            hidden_sizes: vec![3],
            activation: Activation::Tanh,
            residual: false,
            labels: 0,
        };
        let params = Params::init(&config, Init::Kaiming, &Seed::from(1));
        Network::new(config, params).unwrap()
    }

    #[test]
    fn two_dimensions_are_shown_as_they_are() {
        let network = network(2);
        let plane = letter_plane(&network);
        assert_eq!(plane.explained, None);
        assert_eq!(plane.points[3][1], f64::from(network.params().embedding[7]));
        assert_eq!(letter_plane(&self::network(1)).points.len(), 9);
    }

    #[test]
    fn a_letter_is_nearest_its_copy() {
        let mut copied = network(5);
        let mut params = copied.params().clone();
        let row = params.embedding[5..10].to_vec();
        params.embedding[20..25].copy_from_slice(&row);
        copied = Network::new(copied.config().clone(), params).unwrap();
        let found = neighbors(&[copied], 1);
        assert_eq!((found.len(), found[0].token), (8, 4));
        assert!((found[0].similarity - 1.0).abs() < 1e-9);
        assert!(found.iter().all(|near| near.similarity.abs() < 1.0 + 1e-9));
    }
}
