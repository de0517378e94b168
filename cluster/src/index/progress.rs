//! settled and finished

use planner::tenant::TenantSnapshot;

pub(super) fn is_settled(_: &TenantSnapshot) -> bool {
    false
}

pub(super) fn is_finished(_: &TenantSnapshot) -> bool {
    false
}
