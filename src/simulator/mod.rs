//! The AWS CloudHSM V2 API, emulated on this machine, with certificate chains in the shape of the
//! genuine ones.
//!
//! The simulator stands alone: no code of the real path depends on it, and it uses nothing else of
//! this crate, not even the certificate parser, so that one misreading cannot stand on both sides.
//! `docs/simulator.md` lists everything that is emulated, and the source of each behaviour.
//!
//! ```
//! use hsmboot::simulator::{Options, Simulator, Speed};
//!
//! let simulator = Simulator::spawn(Options { speed: Speed::INSTANT, ..Options::default() })?;
//! assert!(simulator.url().starts_with("http://127.0.0.1:"));
//! // Point any AWS SDK at the URL; its credentials may be anything. The roots vouch for the rest.
//! assert!(simulator.aws_root_pem()?.starts_with("-----BEGIN CERTIFICATE-----"));
//! simulator.shutdown();
//! # Ok::<(), hsmboot::simulator::SimError>(())
//! ```
//!
//! | file | about |
//! | --- | --- |
//! | `server`, `connection`, `cut_short` | HTTP; connections; answers that break off |
//! | `origin` | which requests can be a foreign web page's |
//! | `protocol`, `json_protocol`, `cbor` | JSON 1.1 and RPC v2 CBOR |
//! | `admission`, `sigv4`, `credentials`, `rate` | who may call, and how often |
//! | `api`, `actions`, `members`, `limits`, `arn` | what the API does; its constraints |
//! | `reference` | which edition of it: today's or that of 2022 |
//! | `quotas` | how much of it an account may have |
//! | `initialize_rules`, `certificate`, `signature` | what InitializeCluster demands |
//! | `state`, `clock`, `place` | clusters, HSMs, backups, and how time moves them |
//! | `inside` | all that a running simulator is made of |
//! | `store`, `octets` | all this in a file, across restarts |
//! | `hardware`, `roots`, `chains`, `keys` | roots, cards, HSMs |
//! | `issue`, `issued_names`, `pem` | certificates as they are written |
//! | `common` | the errors that every action may answer |
//! | `control`, `commands`, `faults`, `cluster_faults`, `random` | what a test may do to all this |
//! | `page`, `watch`, `requests` | the page for people, and the requests listed there |

mod action_call;
mod actions;
mod admission;
mod api;
mod arn;
mod body;
mod cbor;
mod certificate;
mod chains;
mod checked_members;
mod choices;
mod clock;
mod cluster_faults;
mod commands;
mod common;
mod connection;
mod control;
mod credentials;
mod cut_short;
mod everyday;
mod extra_members;
mod fault_rules;
mod faults;
mod filters;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod hardware;
mod ids;
mod initialize_rules;
mod inside;
mod issue;
mod issued_names;
mod json_protocol;
mod keys;
mod limits;
mod members;
mod octets;
mod origin;
mod page;
mod pem;
mod place;
mod protocol;
mod quotas;
mod random;
mod rate;
mod reference;
mod requests;
mod roots;
mod server;
mod signature;
mod sigv4;
mod state;
mod store;
mod tag_lists;
mod watch;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

pub use clock::Speed;
pub use connection::ConnectionLimits;
pub use control::ControlError;
pub use credentials::Credentials;
pub use fault_rules::FaultRule;
pub use faults::InjectedFault;
pub use keys::KeySupply;
pub use reference::Reference;
pub use roots::RootFile;
pub use state::{SimulatedClusterState, SimulatedHsmState};

use inside::Inside;
use store::StateStore;

use crate::fsio::{self, NewFile};
use crate::outside::shown_path;

/// A size larger than any root certificate that a simulator writes.
const MAX_ROOT: u64 = 64 * 1024;

/// The account that everything belongs to, unless credentials name another.
const ACCOUNT: &str = "123456789012";

/// The options of a simulator.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The speed of states of transition.
    pub speed: Speed,
    /// The edition of the service.
    pub reference: Reference,
    /// True where AWS's default account quotas hold: 4 clusters and 6 HSMs in a region (User Guide,
    /// "AWS CloudHSM quotas").
    pub quotas: bool,
    /// The credentials of all callers: a request must be signed with one of these (Signature
    /// Version 4). With an empty list anybody may call, signed or not.
    pub credentials: Vec<Credentials>,
    /// The number of requests per second for each account; more are throttled. `None`: no limit.
    pub rate: Option<NonZeroU32>,
    /// Faults that wait from the start.
    pub faults: Vec<FaultRule>,
    /// The seed that faults with a percentage are drawn from. The same seed, faults and calls give
    /// the same results.
    pub seed: u64,
    /// The file that keeps the state across restarts, made if it is not there. `None`: nothing is
    /// kept.
    pub state: Option<PathBuf>,
    /// The limits of connections.
    pub connections: ConnectionLimits,
    /// Keys that were made elsewhere. `None`: the simulator makes all of its keys.
    pub keys: Option<KeySupply>,
}

impl Default for Options {
    /// Returns a free port on loopback, and the speed at which a claim takes about a second.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            speed: Speed::default(),
            reference: Reference::default(),
            quotas: false,
            credentials: Vec::new(),
            rate: None,
            faults: Vec::new(),
            seed: 0,
            state: None,
            connections: ConnectionLimits::default(),
            keys: None,
        }
    }
}

/// The reason why a simulator could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The address is taken, or is not this machine's.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The system gives no threads or no timers.
    #[error("cannot start the simulator's threads: {0}")]
    Start(#[source] io::Error),
    /// No keys or certificates could be made.
    #[error("the simulator has no certificates: {0}")]
    Hardware(String),
    /// The state file is not one, is damaged, is of another version, or cannot be read. It is left
    /// as it was.
    #[error(
        "{} is no state that this simulator can go on from: {reason}",
        shown_path(path)
    )]
    BadState {
        /// The file.
        path: PathBuf,
        /// The fault of the file.
        reason: String,
    },
    /// Another simulator has the state file.
    #[error("{} is in use by another simulator", shown_path(path))]
    StateInUse {
        /// The file.
        path: PathBuf,
    },
    /// The state file, or the lock beside it, cannot be written.
    #[error("cannot write {}: {source}", shown_path(path))]
    KeepState {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Another file stands in a root certificate's place. It is left as it was.
    #[error(
        "{} is there, and is no root certificate that a simulator has written",
        shown_path(path)
    )]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// The root certificates could not be written.
    #[error("{0}")]
    Write(String),
}

/// A running simulator. It has a thread of its own, and stops when it is dropped.
pub struct Simulator {
    address: SocketAddr,
    inside: Arc<Inside>,
    running: Option<ServerThread>,
}

struct ServerThread {
    stop: tokio::sync::oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Simulator {
    /// Starts a simulator from a program with a runtime. It listens when this returns; its keys are
    /// made when the first cluster is created or the roots are asked for.
    pub async fn start(options: Options) -> Result<Self, SimError> {
        Self::spawn(options)
    }

    /// Starts a simulator from a program without one. It listens when this returns; its keys are
    /// made when the first cluster is created or the roots are asked for.
    pub fn spawn(options: Options) -> Result<Self, SimError> {
        let (address, limits) = (options.listen, options.connections);
        let refused = |source| SimError::Listen { address, source };
        let listener = std::net::TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;

        let inside = Arc::new(Inside::from_options(options)?);

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(SimError::Start)?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(refused)?
        };
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let served = Arc::clone(&inside);
        let thread = thread::Builder::new()
            .name(String::from("simulator"))
            .spawn(move || {
                runtime.block_on(server::serve(listener, limits, served, stopped));
                // Not waiting for a control command that waits for a key.
                runtime.shutdown_background();
            })
            .map_err(SimError::Start)?;
        Ok(Self {
            address,
            inside,
            running: Some(ServerThread { stop, thread }),
        })
    }

    /// Returns the address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the endpoint for an AWS SDK: `http://ADDR:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns a root in PEM. Waits until its key is made, which takes about a second.
    pub fn root_pem(&self, file: RootFile) -> Result<String, SimError> {
        let pem = file
            .to_pem(&self.inside.hardware)
            .map_err(SimError::Hardware)?;
        self.inside.wait_until_kept().map_err(SimError::Hardware)?;
        Ok(pem)
    }

    /// Returns the root of the AWS hardware certificate, but not GovCloud's. Waits like
    /// [`Simulator::root_pem`].
    pub fn aws_root_pem(&self) -> Result<String, SimError> {
        self.root_pem(RootFile::Aws)
    }

    /// Returns the root of the manufacturer hardware certificate, for the hardware whose clusters
    /// this edition of the service creates. Waits like [`Simulator::root_pem`].
    pub fn manufacturer_root_pem(&self) -> Result<String, SimError> {
        self.root_pem(RootFile::manufacturer_of(self.inside.reference))
    }

    /// Writes the roots that [`RootFile::of_edition`] lists into a directory, all of them or none.
    /// It replaces those of an earlier simulator, and no other file. The directory is made if it is
    /// not there.
    pub fn write_roots(&self, directory: &Path) -> Result<(), SimError> {
        let reference = self.inside.reference;
        let roots = RootFile::of_edition(reference)
            .iter()
            .map(|file| Ok((file.file_name(reference), self.root_pem(*file)?)));
        let roots = roots.collect::<Result<Vec<_>, SimError>>()?;
        let fault = |message: String| SimError::Write(message);
        fsio::mend_leftovers(directory);
        let held = fsio::hold_path(directory).map_err(|error| fault(error.message.to_string()))?;
        for (name, _) in &roots {
            let free = held.dir().is_absent(name).map_err(|source| {
                fault(format!(
                    "{} cannot be looked at: {source}",
                    shown_path(directory.join(name))
                ))
            })?;
            if !free
                && !held
                    .dir()
                    .read_with_mode(name, MAX_ROOT)
                    .is_ok_and(|(content, _)| chains::is_simulated_root(&content))
            {
                return Err(SimError::Occupied {
                    path: directory.join(name),
                });
            }
        }
        let files: Vec<NewFile<'_>> = roots
            .iter()
            .map(|(name, pem)| NewFile {
                name: (*name).to_owned(),
                content: pem.as_bytes(),
                mode: 0o644,
                replace: true,
            })
            .collect();
        held.write(&files)
            .map_err(|error| fault(error.message.to_string()))
    }

    /// Stops it and waits until it has stopped. The address is free afterwards. Dropping it does
    /// the same.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(ServerThread { stop, thread }) = self.running.take() {
            // Neither can fail in a way that matters now: a thread that has ended is what is
            // wanted.
            stop.send(()).unwrap_or_default();
            thread.join().unwrap_or_default();
            // Whoever still waits for a key does not hold the state file.
            self.inside.store.iter().for_each(StateStore::close);
        }
    }
}
