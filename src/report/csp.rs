//! The page's content security policy: nothing but what is inlined may run, and nothing may be fetched.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// A policy that admits exactly the given scripts and style sheets, by the hashes of their text.
///
/// A name that smuggled markup into the page could so neither run, nor style it, nor call home.
pub(crate) fn policy<'a>(scripts: &[&str], styles: impl IntoIterator<Item = &'a str>) -> String {
    let styles: Vec<String> = styles.into_iter().map(source).collect();
    let scripts: Vec<String> = scripts.iter().map(|script| source(script)).collect();
    // The empty icon keeps a browser from asking for one.
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        scripts.join(" "),
        styles.join(" ")
    )
}

/// The texts of the `<style>` elements in an SVG document that this program drew.
///
/// They are hashed as they stand, so they may hold neither entities nor CDATA sections: a browser would decode those
/// first.
pub(crate) fn styles_of(svg: &str) -> impl Iterator<Item = &str> {
    svg.split("<style").skip(1).filter_map(|rest| {
        let (_, text) = rest.split_once('>')?;
        Some(text.split_once("</style>")?.0)
    })
}

fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_admitted_by_the_hash_of_its_text() {
        // SHA-256 of the empty text, a published value.
        assert_eq!(source(""), "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
    }

    #[test]
    fn every_style_sheet_of_a_chart_is_found() {
        let svg = "<svg><style>.a{}</style><g/><style type=\"text/css\">.b{}</style></svg>";
        assert_eq!(styles_of(svg).collect::<Vec<_>>(), [".a{}", ".b{}"]);
    }
}
