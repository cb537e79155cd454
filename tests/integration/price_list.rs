//! Registries of one provider, for runs whose costs are easy to add up.

use std::fmt::Write as _;

/// A model of the provider.
pub(crate) struct Listed {
    /// Its id.
    pub(crate) id: &'static str,
    /// 0 to 4.
    pub(crate) tier: u8,
    /// Its window in tokens.
    pub(crate) context: u32,
    /// Dollars for a million tokens of input and of output.
    pub(crate) usd: [&'static str; 2],
}

/// A registry of the provider `acme` at `base_url`, which has each of `models` in every region, all regions being near each other.
pub(crate) fn price_list(base_url: &str, regions: &[&str], models: &[Listed]) -> String {
    let mut text =
        format!("schema = 1\n[[provider]]\nid = \"acme\"\nbase_url = \"{base_url}\"\nregion_header = \"X-Region\"\n");
    for region in regions {
        let near: Vec<_> = regions.iter().filter(|other| *other != region).collect();
        let near = if near.is_empty() { String::new() } else { format!("near = {near:?}\n") };
        let _ = write!(text, "[[region]]\nid = \"{region}\"\n{near}");
    }
    for Listed { id, tier, context, usd: [input, output] } in models {
        let _ = write!(
            text,
            "[[model]]\nid = \"{id}\"\ntier = {tier}\ncontext = {context}\n[[model.at]]\nprovider = \"acme\"\n\
             regions = {regions:?}\n[[model.at.price]]\nfrom = \"2026-01-01\"\ncurrency = \"USD\"\n\
             input = \"{input}\"\noutput = \"{output}\"\n"
        );
    }
    text
}
