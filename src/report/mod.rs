//! A run directory in, bytes out: charts, page, Markdown, terminal table.
