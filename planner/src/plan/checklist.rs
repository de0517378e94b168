//! What a reviewer should look at before saying yes.

use crate::finding::{Finding, FindingKind, Severity};
use crate::hop::Acknowledgement;

pub(super) fn checklist(findings: &[Finding], needs: &[Acknowledgement], name_to_type: Option<&str>) -> Vec<String> {
    let mut list = vec!["From, to and tenant are the ones that were asked for.".to_owned()];
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    match count(Severity::Blocks) {
        0 => {}
        1 => list.push("One finding blocks this plan: it must be gone before anything is started.".to_owned()),
        many => list.push(format!("{many} findings block this plan: they must be gone before anything is started.")),
    }
    if count(Severity::Warns) > 0 {
        list.push("Each warning was read, and somebody answers for it.".to_owned());
    }
    if count(Severity::Unknown) > 0 {
        list.push("What could not be checked was checked by other means.".to_owned());
    }
    list.extend(needs.iter().map(ToString::to_string));
    if findings.iter().any(|finding| {
        matches!(finding.kind, FindingKind::MinorCannotBeUndone { .. } | FindingKind::PatchCannotBeUndone)
    }) {
        list.push("A backup of the DataStore exists, is newer than the last change, and was restored once.".to_owned());
    }
    list.push("The tenant's users know when it happens, and what they will notice.".to_owned());
    if let Some(name) = name_to_type {
        list.push(format!("Whoever starts it will be asked to type the name {name}."));
    }
    list
}
