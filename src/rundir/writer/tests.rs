use std::fs;

use super::*;
use crate::rundir::fixture::{failure, manifest, success, workload};
use crate::sample::{ErrorReply, Outcome, Phase};
use crate::tally::CellShape;
use crate::units::Micros;

fn create(parent: &Path) -> RunWriter {
    RunWriter::create(parent, &manifest(), &[workload()]).unwrap()
}

#[test]
fn a_row_a_request_stands_in_samples_csv_after_a_flush() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = create(folder.path());
    let warmup = crate::sample::Sample { phase: Phase::Warmup, ..success(0, 0) };
    writer.sample(&warmup, None).unwrap();
    let flexible = Sample { service_tier: Some("flex".into()), ..success(1, 4) };
    writer.sample(&flexible, Some("0.00001424".parse().unwrap())).unwrap();
    writer.sample(&failure(1, 5, Outcome::RateLimited), None).unwrap();
    writer.flush().unwrap();
    let text = fs::read_to_string(writer.path().join("samples.csv")).unwrap();
    let expected = [
        "phase,round,cycle,variant,cell,index,custom_id,workload,class,origin,provider,model,region,route,\
         simulated,outcome,attempts,reused,due_at_ms,sent_at_ms,headers_at_ms,first_token_at_ms,\
         first_answer_at_ms,last_token_at_ms,end_at_ms,dns_ms,connect_ms,tls_ms,ttft_ms,e2e_ms,e2e_from_due_ms,\
         tpot_ms,chunks,input_tokens,cached_input_tokens,output_tokens,reasoning_tokens,usage_source,cost_usd,\
         finish_reason,status,request_id,model_answered,answer_hash,quality,synthetic,session_id,turn,cache_write_tokens,\
         stated_cost_usd,service_tier,greedy,failed_attempts,tier,tier_by,failed_over",
        "warmup,0,0,,acme/small/us/chat/c2,0,a-1,chat,greeting,,acme,small,us,,true,ok,1,false,,0.250,20.250,\
         40.250,40.250,80.250,80.257,,0.321,,40.000,80.000,,2.000,4,43,10,21,0,provider,,stop,200,req-1,m,\
         000000000000000a,0,false,,,0,,,true,0,,,",
        "measured,1,1,,acme/large/us/chat/c2,4,\"b,\"\"2\"\"\n\",chat,,,acme,large,us,,true,ok,1,true,,400.250,\
         433.751,467.252,467.252,534.254,534.261,,,,67.002,134.004,,2.791,4,43,10,25,0,provider,0.00001424,stop,\
         200,req-1,m,000000000000000e,,false,,,0,0.000014,flex,true,0,,,",
        "measured,1,1,,acme/large/us/chat/c2,5,c-3,chat,,,acme,large,us,,true,rate_limited,1,true,,500.250,\
         534.001,,,,635.262,,,,,,,,0,,,,,,,,429,req-1,m,,,false,,,,,,true,1,,,",
    ];
    assert_eq!(text, expected.join("\n") + "\n");
}

#[test]
fn a_row_an_attempt_stands_in_attempts_csv_after_a_flush() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = create(folder.path());
    let error = ErrorReply {
        code: Some("slow_down".into()),
        message: "too fast,\n\"wait\"".into(),
        retry_after: Some(Micros(1_500_000)),
    };
    let refused = Sample { error: Some(Box::new(error)), ..failure(1, 5, Outcome::RateLimited) };
    let unasked = Sample { status: None, http_version: None, ..failure(1, 4, Outcome::Connect) };
    writer.sample(&Sample { phase: Phase::Warmup, ..success(0, 0) }, None).unwrap();
    writer.sample(&success(1, 3), Some("0.00001424".parse().unwrap())).unwrap();
    for sample in [unasked, refused, failure(1, 6, Outcome::NotSent)] {
        writer.sample(&sample, None).unwrap();
    }
    writer.flush().unwrap();
    let text = fs::read_to_string(writer.path().join("attempts.csv")).unwrap();
    let expected = [
        "phase,cell,index,attempt,provider,model,region,simulated,outcome,reused,http_version,sent_at_ms,headers_at_ms,\
         first_event_at_ms,first_token_at_ms,first_answer_at_ms,last_token_at_ms,end_at_ms,dns_ms,connect_ms,tls_ms,\
         input_tokens,cached_input_tokens,output_tokens,reasoning_tokens,usage_source,cost_usd,status,request_id,\
         error_code,error_message,retry_after_ms,raw_usage,purpose",
        "warmup,acme/small/us/chat/c2,0,1,acme,small,us,true,ok,false,HTTP/1.1,0.250,20.250,26.916,40.250,40.250,80.250,\
         80.257,,0.321,,43,10,21,0,provider,,200,req-1,,,,\"{\"\"prompt_tokens\"\":43}\",answer",
        "measured,acme/large/us/chat/c2,3,1,acme,large,us,true,ok,true,HTTP/1.1,300.250,333.500,344.584,366.751,366.751,\
         433.253,433.260,,,,43,10,24,0,provider,0.00001424,200,req-1,,,,\"{\"\"prompt_tokens\"\":43}\",answer",
        "measured,acme/large/us/chat/c2,4,1,acme,large,us,true,connect,true,,400.250,433.751,,,,,534.261,,,,,,,,,,,req-1,,,,,answer",
        "measured,acme/large/us/chat/c2,5,1,acme,large,us,true,rate_limited,true,HTTP/1.1,500.250,534.001,,,,,635.262,,,,\
         ,,,,,,429,req-1,slow_down,\"too fast,\n\"\"wait\"\"\",1500.000,,answer",
    ];
    assert_eq!(text, expected.join("\n") + "\n", "what was not sent took no attempt");
}

#[test]
fn the_columns_are_those_that_others_rely_on() {
    let rows = crate::rundir::samples_file::COLUMNS;
    assert_eq!((rows[0], rows[18], rows[38], rows[47]), ("phase", "due_at_ms", "cost_usd", "turn"));
    let attempts = crate::rundir::attempts_file::COLUMNS;
    assert_eq!((attempts[0], attempts[13], attempts[31]), ("phase", "first_event_at_ms", "retry_after_ms"));
}

#[test]
fn a_run_that_has_just_begun_is_marked_as_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let writer = create(folder.path());
    let found = crate::rundir::read_manifest(writer.path()).unwrap();
    assert_eq!(found, Manifest { status: Status::Running, finished_at: None, ..manifest() });
    assert!(!folder.path().join("latest").exists());
}

#[test]
fn the_log_opens_with_the_formats_header_and_holds_an_interval_a_metric() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = create(folder.path());
    let mut tally = Tally::new(&[CellShape { shares: vec![1] }], 7);
    tally.chunk_gap(0, 0, Micros(700));
    let done = tally.record(&success(0, 0), None).unwrap();
    writer.round(&mut tally, done).unwrap();
    let text = fs::read_to_string(writer.path().join("latency.hlog")).unwrap();
    let beginnings: Vec<&str> = text.lines().map(|line| line.split(",HIST").next().unwrap()).collect();
    assert_eq!(
        beginnings,
        [
            "#[Histogram log format version 1.3]",
            "#[StartTime: 1795399200.000 (seconds since epoch)]",
            "#[BaseTime: 1795399200.000 (seconds since epoch)]",
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"",
            "Tag=acme/small/us/chat/c2:ttft,0.000,0.080,40031.000",
            "Tag=acme/small/us/chat/c2:e2e,0.000,0.080,80063.000",
            "Tag=acme/small/us/chat/c2:tpot,0.000,0.080,2000.000",
            "Tag=acme/small/us/chat/c2:connect,0.000,0.080,321.000",
            "Tag=acme/small/us/chat/c2:itl,0.000,0.080,700.000",
        ]
    );
}

#[test]
fn a_run_that_is_there_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = create(folder.path()).path().to_owned();
    let error = RunWriter::create(folder.path(), &manifest(), &[workload()]).err().unwrap();
    assert_eq!(
        error.to_string(),
        format!("run directory `{}` exists already, move it away or choose another `--run-id`", path.display())
    );
}

#[test]
fn a_directory_that_cannot_be_made_is_named_with_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("reports");
    fs::write(&taken, "a file").unwrap();
    let error = RunWriter::create(&taken, &manifest(), &[workload()]).err().unwrap();
    let run = taken.join("2026-11-23T02-00-00Z-demo");
    assert_eq!(error.to_string(), format!("cannot create run directory `{}`", run.display()));
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn an_id_that_would_leave_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for run_id in ["", "..", "a/b", "latest"] {
        let manifest = Manifest { run_id: run_id.into(), ..manifest() };
        let error = RunWriter::create(folder.path(), &manifest, &[workload()]).err().unwrap();
        assert!(matches!(error, RunDirError::BadRunId(_)), "{run_id}");
    }
}

#[test]
fn latest_names_the_newest_run_that_finished() {
    let folder = tempfile::tempdir().unwrap();
    let run = |run_id: &str, status| {
        let manifest = Manifest { run_id: run_id.into(), status, ..manifest() };
        RunWriter::create(folder.path(), &manifest, &[workload()]).unwrap().finish(&manifest, &[]).unwrap();
        fs::read_link(folder.path().join("latest")).ok()
    };
    assert_eq!(run("a", Status::Interrupted), None);
    assert_eq!(run("b", Status::Finished), Some("b".into()));
    assert_eq!(run("c", Status::OverBudget), Some("b".into()));
    assert_eq!(run("d", Status::Finished), Some("d".into()));
}
