//! `hsmboot simulate`

mod access;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;

use access::AccessArgs;

use super::ui::{CommandOutput, OutputFormat, StyledText, Ui, write_stdout};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::simulator::{FaultRule, Options, Reference, SimError, Simulator, Speed};

/// Emulate the CloudHSM V2 API on this machine, until interrupted
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot simulate --listen 127.0.0.1:8080 --roots ./roots --state ./simulator.state
  hsmboot bootstrap --cluster-id cluster-abc234defgh --endpoint-url http://127.0.0.1:8080 \\
      --aws-root ./roots/aws-root.crt --manufacturer-root ./roots/manufacturer-root.crt

The first line on standard output says where it listens. Any credentials are taken unless \
--require-sigv4 says otherwise. Its roots are its own: nothing built in trusts them.

Exit codes: 1 it cannot listen there, or a file cannot be written; 2 wrong command line; 4 \
malformed credentials, or a state file that is
damaged or none; 8 another simulator uses the state file, or another file stands where a root is \
to be written; 130 interrupted")]
pub struct Args {
    /// The address to listen on; port 0 takes one that is free
    #[arg(
        long,
        value_name = "ADDR",
        default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        value_parser = parse_address,
    )]
    listen: SocketAddr,
    /// Write aws-root.crt and manufacturer-root.crt there, for --aws-root and --manufacturer-root
    #[arg(long, value_name = "DIR")]
    roots: Option<PathBuf>,
    /// Keep the state in this file across restarts; it is made if it is not there
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// States of transition take no time (otherwise a claim takes about a second)
    #[arg(long, conflicts_with = "speed")]
    instant: bool,
    /// States of transition pass this many times as fast
    #[arg(long, value_name = "N", value_parser = parse_speed)]
    speed: Option<Speed>,
    /// The edition of the service: today's, or that of the API Reference of 2022-06-06, which makes
    /// clusters of hsm1.medium
    #[arg(
        long,
        value_name = "DATE",
        default_value = Reference::default().name(),
        value_parser = parse_reference,
    )]
    reference: Reference,
    /// Refuse what would exceed AWS's default account quotas: 4 clusters and 6 HSMs in a region
    #[arg(long)]
    quotas: bool,
    #[command(flatten)]
    access: AccessArgs,
    /// Throttle an account that sends more requests in a second
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,
    /// Let calls go wrong: NAME[:ACTION][:COUNT][:PERCENT%], such as close-after:InitializeCluster
    /// or throttling:25% (may repeat; the names are in docs/simulator.md)
    #[arg(long = "fault", value_name = "FAULT", value_parser = FaultRule::parse)]
    faults: Vec<FaultRule>,
    /// The seed for faults with a percentage: the same seed and calls meet the same faults
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// Parses an address with its port; a name, such as `localhost`, is looked up.
fn parse_address(text: &str) -> std::result::Result<SocketAddr, String> {
    let found = std::net::ToSocketAddrs::to_socket_addrs(text)
        .ok()
        .and_then(|mut all| all.next());
    found.ok_or_else(|| String::from("expected an address and a port, such as 127.0.0.1:8080"))
}

fn parse_reference(text: &str) -> std::result::Result<Reference, String> {
    Reference::parse(text).ok_or_else(|| {
        format!(
            "expected one of {}",
            Reference::ALL.map(|(name, _)| name).join(", ")
        )
    })
}

fn parse_speed(text: &str) -> std::result::Result<Speed, String> {
    let factor = text.parse().ok().and_then(Speed::from_factor);
    factor.ok_or_else(|| {
        String::from("a speed is a number above 0; 1 is the default, 0.01 a hundred times as slow")
    })
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let speed = if args.instant {
        Speed::INSTANT
    } else {
        args.speed.unwrap_or_default()
    };
    let credentials = args.access.read_credentials(ui)?;
    let (rate, faults, seed) = (args.rate, args.faults.clone(), args.seed);
    let state = args.state.clone();
    let reference = args.reference;
    let options = Options {
        listen: args.listen,
        speed,
        reference,
        quotas: args.quotas,
        credentials,
        rate,
        faults,
        seed,
        state,
        ..Options::default()
    };
    let simulator = Simulator::spawn(options).map_err(|fault| simulator_error(&fault))?;
    if !args.listen.ip().is_loopback() {
        ui.warn(format!(
            "whoever can reach {} can use this simulator, its control commands included",
            simulator.address()
        ));
    }
    // Before the line that scripts wait for: what they then read is there.
    if let Some(directory) = &args.roots {
        simulator
            .write_roots(directory)
            .map_err(|fault| simulator_error(&fault))?;
    }
    let line = format!("listening on {}", simulator.url());
    match ui.format {
        // Nobody has to read it.
        OutputFormat::Text | OutputFormat::Fingerprint => {
            drop(write_stdout(&StyledText::from(format!("{line}\n"))))
        }
        // Standard output is for the one document at the end.
        OutputFormat::Json | OutputFormat::Jsonl => ui.say(&line),
    }
    loop {
        // A signal ends the program (signals.rs).
        std::thread::park();
    }
}

fn simulator_error(fault: &SimError) -> Error {
    let (kind, hint) = match fault {
        SimError::BadState { .. } => (
            ErrorKind::BadState,
            "it was left as it was; to begin with nothing, name a file for --state that is not \
             there",
        ),
        SimError::StateInUse { .. } => (
            ErrorKind::StateInUse,
            "stop that simulator, or name another file for --state",
        ),
        SimError::KeepState { .. } => (
            ErrorKind::CannotWrite,
            "make the file writable for its owner, or name another for --state in a directory that \
             you can write to",
        ),
        SimError::Listen { .. } => (
            ErrorKind::CannotListen,
            "choose another --listen; with port 0 it takes one that is free",
        ),
        SimError::Start(_) => (
            ErrorKind::CannotStart,
            "the machine has no threads to spare",
        ),
        SimError::Hardware(_) => (
            ErrorKind::NoCertificates,
            "please report it: this is a bug, or the system yields no randomness",
        ),
        SimError::Occupied { .. } => (
            ErrorKind::FileExists,
            "it was left as it was; choose another directory for --roots",
        ),
        SimError::Write(_) => (
            ErrorKind::CannotWrite,
            "choose a directory for --roots that you can write to",
        ),
    };
    let (file, cause) = match fault {
        SimError::BadState { path, reason } => (Some(path), Some(reason.clone())),
        SimError::KeepState { path, source } => (Some(path), Some(crate::fsio::io_text(source))),
        SimError::StateInUse { path } | SimError::Occupied { path } => (Some(path), None),
        SimError::Listen { source, .. } | SimError::Start(source) => {
            (None, Some(crate::fsio::io_text(source)))
        }
        SimError::Hardware(reason) | SimError::Write(reason) => (None, Some(reason.clone())),
    };
    let address = match fault {
        SimError::Listen { address, .. } => Some(address.to_string()),
        _ => None,
    };
    Error::new(kind, fault.to_string(), hint)
        .with_fact(FactName::File, file.map(PathBuf::as_path))
        .with_fact(FactName::Endpoint, address)
        .with_fact(FactName::Cause, cause)
}
