//! What knowing a caller and deciding what he may costs, among 100,000 tokens and
//! 500,000 units. Target: at most a few µs of a call.

#![allow(missing_docs, reason = "a measurement, not an interface")]

mod shared;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use crossfoot::domain::access::{Grant, Permission, Subject, decide};
use crossfoot::domain::event::{EventKind, TokenId, TokenIssued, UnitKind};
use crossfoot::domain::{Secret, State};
use crossfoot::words::{Timestamp, UnitCode, Year};
use shared::{applied, event, unit};

const TOKENS: u32 = 100_000;

fn secret(number: u32) -> Secret {
    let mut random = [0; 32];
    let (first, _) = random.split_at_mut(4);
    first.copy_from_slice(&number.to_be_bytes());
    Secret::new(&random)
}

fn state() -> State {
    let mut units = vec![unit("P", None, UnitKind::District)];
    for city in 0..20 {
        units.push(unit(&format!("P-{city}"), Some("P"), UnitKind::District));
        for district in 0..50 {
            let code = format!("P-{city}-{district}");
            units.push(unit(&code, Some(&format!("P-{city}")), UnitKind::District));
            units.extend((0..500).map(|number| unit(&format!("{code}-{number}"), Some(&code), UnitKind::District)));
        }
    }
    let grants: Arc<[Grant]> = Arc::from(["office:subtree:P-7".parse::<Grant>().expect("a grant")]);
    let issued = |number: u32| {
        EventKind::TokenIssued(TokenIssued {
            id: TokenId(number),
            principal: Arc::from("office"),
            grants: Arc::clone(&grants),
            expires: Timestamp(i64::MAX),
            digest: secret(number).digest(),
        })
    };
    let kinds = std::iter::once(applied(units));
    let mut state = State::new();
    for kind in kinds.chain((1..=TOKENS).map(issued)) {
        state.apply(&event(state.head().next(), kind)).expect("the state takes it");
    }
    state
}

fn access(criterion: &mut Criterion) {
    let state = state();
    let shown = secret(77_777).reveal().to_owned();
    criterion.bench_function("know the holder of a token among 100,000", |bench| {
        bench.iter(|| {
            let secret = Secret::parse(black_box(shown.as_bytes()));
            secret.and_then(|secret| state.tokens().holder(&secret, Timestamp(1)).map(|token| token.id))
        });
    });
    let grants = ["office:subtree:P-7".parse::<Grant>().expect("a grant")];
    let year = Year::new(2024).ok();
    for (name, code) in [("within reach", "P-7-31-499"), ("out of reach", "P-8-31-499"), ("unknown", "P-7-31-500")] {
        let unit = UnitCode::new(code).expect("a code");
        criterion.bench_function(&format!("decide on a unit of 500,000, {name}"), |bench| {
            bench.iter(|| {
                let subject = Subject::Below(black_box(&unit), year);
                decide(&grants, Permission::ReadRollups, subject, state.units())
            });
        });
    }
}

criterion_group!(benches, access);
criterion_main!(benches);
