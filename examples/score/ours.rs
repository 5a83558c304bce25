//! One row of the table: the same cases for every method.

use std::sync::Arc;

use crossfoot::form::{Form, Hints, Located, Locator};

use super::baselines;
use super::errors::{Kind, inject, origins};
use super::reports::{BEFORE, Identity, Random, Sheet, World, figures, form, identities, log_sum, real};

/// Shares answered right.
#[derive(Default)]
pub struct Scores {
    pub fellegi_holt: f64,
    pub non_negative: f64,
    pub typing_errors: f64,
    pub with_moves: f64,
    pub ours: f64,
    pub ours_with_peers: f64,
    pub bound: f64,
}

impl Scores {
    pub const NAMES: [&'static str; 7] =
        ["Fellegi-Holt", "+ non-negative", "typing errors", "+ move", "crossfoot", "... with peers", "bound"];

    pub fn each(&self) -> [f64; 7] {
        let Self { fellegi_holt, non_negative, typing_errors, with_moves, ours, ours_with_peers, bound } = self;
        [*fellegi_holt, *non_negative, *typing_errors, *with_moves, *ours, *ours_with_peers, *bound]
    }
}

pub struct Bench {
    form: Arc<Form>,
    identities: Vec<Identity>,
    world: World,
    /// By cell of the form: sums over the real reports.
    peers: Vec<i64>,
}

impl Bench {
    pub fn new() -> Self {
        let form = form();
        let real = real(&form);
        let mut peers = vec![0; form.cells().len()];
        for sheet in &real {
            peers[BEFORE..].iter_mut().zip(sheet).for_each(|(sum, figure)| *sum += figure);
        }
        Self { identities: identities(), world: World::new(&real), peers, form }
    }

    pub fn score(&self, kind: Kind, cases: usize, seed: u64) -> Scores {
        let mut random = Random(seed);
        let mut scores = Scores::default();
        let (mut locator, mut values) = (Locator::default(), Vec::new());
        let mut done = 0;
        while done < cases {
            let right = self.world.draw(&mut random);
            let Some(printed) = inject(kind, &right, &mut random) else { continue };
            done += 1;
            scores.fellegi_holt += baselines::fellegi_holt(&self.identities, &printed, &right);
            scores.non_negative += baselines::non_negative(&self.identities, &printed, &right);
            scores.typing_errors += baselines::typing_errors(&self.identities, &printed, &right);
            scores.with_moves += baselines::with_moves(&self.identities, &printed, &right);
            let printed_figures = figures(&self.form, &printed, &mut values);
            let alone = self.form.locate(printed_figures, Hints::default(), &mut locator);
            scores.ours += answered(&alone, &printed, &right);
            let hints = Hints { peers: Some(&self.peers), prior: None };
            let with_peers = self.form.locate(printed_figures, hints, &mut locator);
            scores.ours_with_peers += answered(&with_peers, &printed, &right);
            scores.bound += self.bound(kind, &printed);
        }
        let Scores { fellegi_holt, non_negative, typing_errors, with_moves, ours, ours_with_peers, bound } =
            &mut scores;
        for score in [fellegi_holt, non_negative, typing_errors, with_moves, ours, ours_with_peers, bound] {
            *score /= cases as f64;
        }
        scores
    }

    /// How likely the likeliest origin is.
    fn bound(&self, kind: Kind, printed: &Sheet) -> f64 {
        let logs: Vec<f64> =
            origins(kind, &self.world, &self.identities, printed).into_iter().map(|(_, log)| log).collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (most - log_sum(&logs)).exp()
    }
}

/// How likely the answer is right: an explanation of the first rank for every
/// block, drawn among its equals.
fn answered(located: &[Located], printed: &Sheet, right: &Sheet) -> f64 {
    let mut answers = vec![(1.0, *printed)];
    for fault in located {
        let first: Vec<_> = fault.repairs.iter().filter(|repair| repair.rank == 1).collect();
        let mut further = Vec::new();
        for (share, sheet) in &answers {
            for repair in &first {
                let set: Vec<(usize, i64)> =
                    repair.changes.iter().map(|change| (change.cell - BEFORE, change.proposed)).collect();
                further.push((share / first.len() as f64, baselines::applied(&set, sheet)));
            }
        }
        answers = further;
    }
    answers.iter().filter(|(_, sheet)| sheet == right).map(|(share, _)| share).sum()
}
