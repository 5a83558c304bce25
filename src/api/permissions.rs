//! What each RPC needs, as its .proto declares it.

use std::collections::HashMap;
use std::sync::Arc;

use prost_reflect::{DescriptorPool, MethodDescriptor};

use crate::domain::access::Permission;
use crate::form::DESCRIPTORS;
use crate::pb::crossfoot::v1 as pb;

/// An RPC of the service.
#[derive(Debug)]
pub(super) struct Rpc {
    /// Its full name, e.g. "crossfoot.v1.FormService.GetForm".
    pub(super) name: String,
    /// What it needs; none: nobody may call it.
    pub(super) permission: Option<Permission>,
}

/// Every RPC by the path it is called at.
pub(super) fn all() -> HashMap<String, Arc<Rpc>> {
    // the descriptors are those the service was built with
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap_or_default();
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let rpc = |method: MethodDescriptor| {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let permission = declared(&pool, &method).and_then(permission_from_pb);
        (path, Arc::new(Rpc { name: method.full_name().to_owned(), permission }))
    };
    methods.map(rpc).collect()
}

/// The option of an RPC.
fn declared(pool: &DescriptorPool, method: &MethodDescriptor) -> Option<i32> {
    let option = pool.get_extension_by_name("crossfoot.v1.permission")?;
    method.options().get_extension(&option).as_enum_number()
}

fn permission_from_pb(number: i32) -> Option<Permission> {
    Some(match pb::Permission::try_from(number).ok()? {
        pb::Permission::Unspecified => return None,
        pb::Permission::SubmitReports => Permission::SubmitReports,
        pb::Permission::ReadReports => Permission::ReadReports,
        pb::Permission::ReadRollups => Permission::ReadRollups,
        pb::Permission::ReadUnits => Permission::ReadUnits,
        pb::Permission::ReadForms => Permission::ReadForms,
        pb::Permission::ReviewReports => Permission::ReviewReports,
        pb::Permission::ManageUnits => Permission::ManageUnits,
        pb::Permission::ManageYears => Permission::ManageYears,
        pb::Permission::ReadAudit => Permission::ReadAudit,
        pb::Permission::Operate => Permission::Operate,
    })
}
