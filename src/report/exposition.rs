//! Prometheus' text format 0.0.4: families of samples with labels, escaped as its readers want them.

use std::fmt::{Display, Write};

/// What kind of family its samples form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It goes up and down.
    Gauge,
    /// It only goes up, until a new run starts at 0.
    Counter,
    /// A classic histogram.
    Histogram,
    /// Anything; what else carries a label named `quantile` would be refused as no summary.
    Untyped,
}

/// Labels as they stand between braces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Labels(String);

impl Labels {
    /// These and one more; a value that is absent is no label.
    pub(crate) fn with(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            let comma = if self.0.is_empty() { "" } else { "," };
            write!(self.0, "{comma}{name}=\"{}\"", escaped(value)).expect("writing to a string cannot fail");
        }
        self
    }

    /// These and one more.
    pub(crate) fn and(&self, name: &str, value: &str) -> Self {
        self.clone().with(name, Some(value))
    }
}

/// A text of families, each written whole before the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exposition {
    text: String,
}

impl Exposition {
    /// Begins a family; nothing is written of one without a sample.
    pub(crate) fn family<V: Display>(
        &mut self,
        name: &str,
        kind: Kind,
        help: &str,
        samples: impl IntoIterator<Item = (Labels, V)>,
    ) {
        self.suffixed(name, kind, help, samples.into_iter().map(|(labels, value)| ("", labels, value)));
    }

    /// The same, with what each sample's name has after the family's: `_bucket`, `_sum`, `_count`.
    pub(crate) fn suffixed<V: Display>(
        &mut self,
        name: &str,
        kind: Kind,
        help: &str,
        samples: impl IntoIterator<Item = (&'static str, Labels, V)>,
    ) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Histogram => "histogram",
            Kind::Untyped => "untyped",
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let mut write = |line: std::fmt::Arguments<'_>| {
            self.text.write_fmt(line).expect("writing to a string cannot fail");
        };
        write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        for (suffix, Labels(labels), value) in samples {
            match labels.is_empty() {
                true => write(format_args!("{name}{suffix} {value}\n")),
                false => write(format_args!("{name}{suffix}{{{labels}}} {value}\n")),
            }
        }
    }

    /// The text, ended by a line feed.
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_labels_are_escaped_and_absent_ones_left_out() {
        let labels = Labels::default().with("model", Some("a\\b\"c\"\nd|é")).with("region", None);
        let mut text = Exposition::default();
        text.family("up", Kind::Gauge, "Whether\nit is.", [(labels.and("x", ""), 1), (Labels::default(), 0)]);
        assert_eq!(
            text.into_text(),
            "# HELP up Whether\\nit is.\n# TYPE up gauge\nup{model=\"a\\\\b\\\"c\\\"\\nd|é\",x=\"\"} 1\nup 0\n"
        );
    }

    #[test]
    fn a_family_without_a_sample_is_not_mentioned() {
        let mut text = Exposition::default();
        text.family("up", Kind::Counter, "Never.", Vec::<(Labels, u8)>::new());
        assert_eq!(text.into_text(), "");
    }
}
