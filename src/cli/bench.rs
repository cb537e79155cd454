//! `tollmark bench`: what the client itself costs, printed.

use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{Ceiling, Compared, FIRST_TOKEN, Fidelity, GAP, ceiling, fidelity, peak_memory};
use crate::cli::bench_args::{BenchArgs, BenchFormat, BenchPart};
use crate::cli::exit::CliError;
use crate::cli::simulate::ended;
use crate::plan::Streaming;
use crate::sim::{NullUpstream, Tempo};
use crate::units::Micros;

/// Requests that all streams make together when times are held against the upstream's, within reason for each.
const COMPARED: u32 = 10_240;

/// Measures what `args` ask for and prints it, or serves the null upstream alone.
///
/// # Errors
/// Nothing could be measured, or nobody takes the output.
pub(super) fn bench(args: &BenchArgs) -> Result<ExitCode, CliError> {
    if let Some(address) = args.serve {
        return serve(address, args.paced);
    }
    let wanted = |part| args.parts.is_empty() || args.parts.contains(&part);
    let mut found = Found::default();
    for (part, streaming, name) in
        [(BenchPart::Streamed, Streaming::On, "streamed"), (BenchPart::Plain, Streaming::Off, "plain")]
    {
        if wanted(part) {
            eprintln!("measuring {name} replies");
            found.ceilings.push((name, ceiling(streaming, args.concurrency, args.requests)?));
        }
    }
    if wanted(BenchPart::Fidelity) {
        for streams in args.streams.iter().copied() {
            eprintln!("holding times against the upstream's at {streams} streams");
            let each = (COMPARED / streams).clamp(2, 20);
            found.fidelities.push(fidelity(streams, streams.saturating_mul(each))?);
        }
    }
    found.peak_memory = peak_memory();
    match args.format {
        BenchFormat::Text => write!(stdout(), "{}", found.text(args))?,
        BenchFormat::Json => writeln!(stdout(), "{:#}", found.json(args))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Serves until interrupted, for other clients to be held against.
fn serve(address: SocketAddr, paced: bool) -> Result<ExitCode, CliError> {
    let tempo = if paced { Tempo::Paced { ttft: FIRST_TOKEN, gap: GAP } } else { Tempo::AtOnce };
    let upstream = NullUpstream::start(address, tempo)?;
    writeln!(stdout(), "{}", upstream.base_url())?;
    eprintln!("serving the null upstream until interrupted (Ctrl-C)");
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(ended())?;
    upstream.stop();
    Ok(ExitCode::SUCCESS)
}

#[derive(Default)]
struct Found {
    ceilings: Vec<(&'static str, Ceiling)>,
    fidelities: Vec<Fidelity>,
    /// In bytes.
    peak_memory: Option<u64>,
}

impl Found {
    fn text(&self, args: &BenchArgs) -> String {
        let mut lines = Vec::new();
        if !self.ceilings.is_empty() {
            lines.push(format!(
                "null upstream on one thread, {} processors, {} requests with {} in flight",
                processors(),
                args.requests,
                args.concurrency
            ));
            lines.push(format!(
                "{:<10}{:>12}{:>16}{:>20}{:>16}",
                "", "replies/s", "CPU a reply", "upstream's a reply", "upstream busy"
            ));
            for (name, ceiling) in &self.ceilings {
                lines.push(format!(
                    "{name:<10}{:>12.0}{:>13.1} µs{:>17.1} µs{:>14.0} %",
                    ceiling.replies_per_second,
                    micros(ceiling.cpu_per_reply),
                    micros(ceiling.upstream_cpu_per_reply),
                    100.0 * ceiling.upstream_busy_ratio
                ));
            }
        }
        if !self.fidelities.is_empty() {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            let (first, gap) = (FIRST_TOKEN.as_millis(), GAP.as_millis());
            lines.push(format!("a first token after {first} ms, then one about every {gap} ms; p50 / p99 in ms"));
            lines.push(format!("{:<15}{:>20}{:>20}{:>16}", "streams", "true", "reported", "apart"));
            for found in &self.fidelities {
                for (name, compared) in [("TTFT", &found.ttft), ("E2E", &found.e2e)] {
                    let pair = |p50: Micros, p99: Micros| format!("{:.2} / {:.2}", p50.as_ms(), p99.as_ms());
                    lines.push(format!(
                        "{:<7}{name:<8}{:>20}{:>20}{:>16}",
                        found.streams,
                        pair(compared.true_p50, compared.true_p99),
                        pair(compared.reported_p50, compared.reported_p99),
                        pair(compared.apart_p50, compared.apart_p99)
                    ));
                }
            }
        }
        if let Some(bytes) = self.peak_memory {
            lines.push(String::new());
            lines.push(format!("peak memory, upstream included: {:.1} MB", bytes as f64 / 1e6));
        }
        lines.join("\n") + "\n"
    }

    fn json(&self, args: &BenchArgs) -> Value {
        let ceilings = self.ceilings.iter().map(|(name, ceiling)| {
            json!({
                "replies": name,
                "requests": args.requests,
                "concurrency": args.concurrency,
                "replies_per_second": ceiling.replies_per_second,
                "cpu_us_per_reply": micros(ceiling.cpu_per_reply),
                "upstream_cpu_us_per_reply": micros(ceiling.upstream_cpu_per_reply),
                "upstream_busy_ratio": ceiling.upstream_busy_ratio,
            })
        });
        let fidelities = self.fidelities.iter().map(|found| {
            json!({
                "streams": found.streams,
                "requests": found.requests,
                "ttft": compared(&found.ttft),
                "e2e": compared(&found.e2e),
            })
        });
        json!({
            "processors": processors(),
            "ceilings": ceilings.collect::<Vec<_>>(),
            "fidelities": fidelities.collect::<Vec<_>>(),
            "peak_memory_bytes": self.peak_memory,
        })
    }
}

fn compared(times: &Compared) -> Value {
    json!({
        "true_p50_ms": times.true_p50.as_ms(),
        "true_p99_ms": times.true_p99.as_ms(),
        "reported_p50_ms": times.reported_p50.as_ms(),
        "reported_p99_ms": times.reported_p99.as_ms(),
        "apart_p50_ms": times.apart_p50.as_ms(),
        "apart_p99_ms": times.apart_p99.as_ms(),
    })
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
