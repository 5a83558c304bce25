//! Every RPC says what it needs and what becomes of a repeat.

use prost_reflect::{DescriptorPool, Value};

#[test]
fn every_rpc_declares_its_permission_and_whether_it_may_be_repeated() {
    let pool = DescriptorPool::decode(crossfoot::form::DESCRIPTORS).unwrap();
    let option = |name: &str| pool.get_extension_by_name(&format!("crossfoot.v1.{name}")).unwrap();
    let (permission, unsafe_to_retry) = (option("permission"), option("unsafe_to_retry"));
    let mut rpcs = 0;
    for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let (name, options) = (method.full_name(), method.options());
        let needs = options.get_extension(&permission).into_owned();
        assert!(matches!(needs, Value::EnumNumber(number) if number > 0), "{name} declares no permission");
        let level = options.get_field_by_name("idempotency_level");
        let repeatable = level.is_some_and(|level| matches!(*level, Value::EnumNumber(number) if number > 0));
        let warns = !options.get_extension(&unsafe_to_retry).as_str().unwrap_or_default().is_empty();
        assert!(repeatable != warns, "{name} declares neither idempotency_level nor unsafe_to_retry, or both");
        rpcs += 1;
    }
    assert!(rpcs >= 24, "{rpcs}");
}
