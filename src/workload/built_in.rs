//! The workloads that come with the program.

/// Each one's name and file, in alphabetical order; one static, because a constant is written out at each use.
static FILES: [(&str, &[u8]); 6] = [
    ("autocomplete", include_bytes!("../../workloads/autocomplete.jsonl")),
    ("classify", include_bytes!("../../workloads/classify.jsonl")),
    ("code-review", include_bytes!("../../workloads/code-review.jsonl")),
    ("documents", include_bytes!("../../workloads/documents.jsonl")),
    ("long-context", include_bytes!("../../workloads/long-context.jsonl")),
    ("support", include_bytes!("../../workloads/support.jsonl")),
];

/// The file of the workload called `name`; absent: there is none.
pub(super) fn bytes_of(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// The names of all of them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}
