//! What can be read in a picture, for tests.

use roxmltree::Document;

/// All text outside of titles and the description.
pub(crate) fn texts(svg: &str) -> Vec<String> {
    let tree = Document::parse(svg).unwrap();
    let nodes = tree.descendants().filter(|node| node.has_tag_name("text"));
    nodes.map(|node| node.text().unwrap_or("").to_owned()).collect()
}

/// The titles of marks.
pub(crate) fn titles(svg: &str) -> Vec<String> {
    let tree = Document::parse(svg).unwrap();
    let titles = tree.descendants().filter(|node| node.has_tag_name("title"));
    titles.skip(1).map(|node| node.text().unwrap_or("").to_owned()).collect()
}
