//! The AWS CloudHSM V2 API, emulated on this machine, with certificate chains in the shape of the
//! genuine ones.
//!
//! A part of its own: nothing of the real path depends on it, and it uses nothing else of this
//! crate, not even its reading of certificates, so that one misreading cannot stand on both sides.
//! What is emulated and where each behaviour comes from is in `docs/simulator.md`.
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
//! | `hardware`, `roots`, `chains`, `keys`, `primes`, `pem` | roots, cards, HSMs |
//! | `common` | the errors that every action may answer |
//! | `control`, `faults`, `cluster_faults`, `random` | what a test may do to all this |
//! | `page`, `watch`, `requests` | the page for people, and the requests listed there |

mod actions;
mod admission;
mod api;
mod arn;
mod cbor;
mod certificate;
mod chains;
mod clock;
mod cluster_faults;
mod common;
mod connection;
mod control;
mod credentials;
mod cut_short;
mod extra_members;
mod faults;
mod hardware;
mod ids;
mod initialize_rules;
mod inside;
mod json_protocol;
mod keys;
mod limits;
mod members;
mod octets;
mod origin;
mod page;
mod pem;
mod place;
mod primes;
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
mod watch;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

pub use clock::Speed;
pub use connection::ConnectionLimits;
pub use control::Refused;
pub use credentials::Credentials;
pub use faults::{Fault, FaultRule};
pub use reference::Reference;
pub use roots::RootFile;
pub use state::{ClusterState, HsmState};

use admission::Door;
use clock::Clock;
use faults::Faults;
use hardware::Hardware;
use inside::Inside;
use store::{Everything, Loaded, Opened, Store};

use crate::fsio::{self, NewFile};
use crate::outside::shown;

/// Larger than any root certificate that a simulator writes.
const MAX_ROOT: u64 = 64 * 1024;

/// The account that everything belongs to, unless credentials name another.
const ACCOUNT: &str = "123456789012";

/// How to start a simulator.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen. Port 0: one that is free.
    pub listen: SocketAddr,
    /// How fast states of transition pass.
    pub speed: Speed,
    /// Which edition of the service it is.
    pub reference: Reference,
    /// Whether AWS's default account quotas hold: 4 clusters and 6 HSMs in a region (User Guide,
    /// "AWS CloudHSM quotas").
    pub quotas: bool,
    /// Who may call: a request must be signed with one of these (Signature Version 4). Empty:
    /// anybody, signed or not.
    pub credentials: Vec<Credentials>,
    /// So many requests in a second for each account; more are throttled. `None`: no limit.
    pub rate: Option<NonZeroU32>,
    /// Faults that wait from the start.
    pub faults: Vec<FaultRule>,
    /// What faults with a percentage are drawn from. The same seed, faults and calls give the same
    /// fates.
    pub seed: u64,
    /// Where to keep the state across restarts; made if it is not there. `None`: nothing is kept.
    pub state: Option<PathBuf>,
    /// How many connections there may be, and how long each may keep the simulator waiting.
    pub connections: ConnectionLimits,
}

impl Default for Options {
    /// A free port on loopback, and about a second for a claim.
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
        }
    }
}

/// Why a simulator could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The address is taken, or not this machine's.
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
    /// The state file is none, damaged, of another version, or cannot be read. It is left as it
    /// was.
    #[error(
        "{} is no state that this simulator can go on from: {reason}",
        shown(path)
    )]
    BadState {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another simulator has the state file.
    #[error("{} is in use by another simulator", shown(path))]
    StateInUse {
        /// The file.
        path: PathBuf,
    },
    /// The state file, or the lock beside it, cannot be written.
    #[error("cannot write {}: {source}", shown(path))]
    KeepState {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Something else stands where a root certificate is to be written. It is left as it was.
    #[error(
        "{} is there, and is no root certificate that a simulator has written",
        shown(path)
    )]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// The root certificates could not be written.
    #[error("{0}")]
    Write(String),
}

/// All that a simulator begins with: nothing, or what its state file holds.
fn inside(options: Options) -> Result<Inside, SimError> {
    let (opened, loaded) = match &options.state {
        Some(path) => Opened::open(path).map(|(opened, loaded)| (Some(opened), loaded))?,
        None => (None, None),
    };
    let Loaded {
        mut world,
        reading,
        tokens,
        hardware,
        partitions,
    } = loaded.unwrap_or_default();
    let clock = Clock::resume(options.speed, reading);
    let mut roots_and_cards = Hardware::start(clock.now()).map_err(SimError::Start)?;
    if let (Some(kept), Some(path)) = (hardware, &options.state) {
        let unusable = |reason| SimError::BadState {
            path: path.clone(),
            reason,
        };
        roots_and_cards = roots_and_cards.resume(kept, partitions).map_err(unusable)?;
    }
    let hardware = roots_and_cards;
    for hsm in world.unidentified_hsms() {
        hsm.key = hardware.order_again(hsm.card);
    }
    let tokens = match tokens {
        None => actions::TokenKey::new().map_err(SimError::Hardware)?,
        Some(secret) => actions::TokenKey::from_secret(secret),
    };
    let everything = &mut Everything {
        world: &mut world,
        clock: &clock,
        hardware: &hardware,
        tokens: &tokens,
    };
    let store = opened.map(|opened| opened.begin(everything)).transpose()?;
    Ok(Inside {
        world: Mutex::new(world),
        faults: Mutex::new(Faults::new(options.seed, options.faults)),
        extra: Mutex::default(),
        door: Door::new(options.credentials, options.rate),
        clock,
        hardware: Arc::new(hardware),
        quotas: options.quotas,
        reference: options.reference,
        tokens,
        requests: Arc::default(),
        watch: watch::Watch::default(),
        store,
    })
}

/// A running simulator. It has a thread of its own, and stops when it is dropped.
pub struct Simulator {
    address: SocketAddr,
    inside: Arc<Inside>,
    running: Option<Running>,
}

struct Running {
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

        let inside = Arc::new(inside(options)?);

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
            running: Some(Running { stop, thread }),
        })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to give an AWS SDK as its endpoint: `http://ADDR:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A root, in PEM. Waits until its key is made, which takes about a second.
    pub fn root_pem(&self, file: RootFile) -> Result<String, SimError> {
        let pem = file
            .pem(&self.inside.hardware)
            .map_err(SimError::Hardware)?;
        self.inside.kept().map_err(SimError::Hardware)?;
        Ok(pem)
    }

    /// The root of the AWS hardware certificate, but for GovCloud's. Waits like
    /// [`Simulator::root_pem`].
    pub fn aws_root_pem(&self) -> Result<String, SimError> {
        self.root_pem(RootFile::Aws)
    }

    /// The root of the manufacturer hardware certificate, of the hardware whose clusters this
    /// edition of the service creates. Waits like [`Simulator::root_pem`].
    pub fn manufacturer_root_pem(&self) -> Result<String, SimError> {
        self.root_pem(RootFile::manufacturer(self.inside.reference))
    }

    /// Writes the roots that [`RootFile::of`] lists into a directory, over those of an earlier
    /// simulator and over nothing else; all of them or none. The directory is made if it is not
    /// there.
    pub fn write_roots(&self, directory: &Path) -> Result<(), SimError> {
        let reference = self.inside.reference;
        let roots = RootFile::of(reference)
            .iter()
            .map(|file| Ok((file.name(reference), self.root_pem(*file)?)));
        let roots = roots.collect::<Result<Vec<_>, SimError>>()?;
        let fault = |message: String| SimError::Write(message);
        fsio::mend(directory);
        let held = fsio::hold(directory).map_err(|error| fault(error.message.to_string()))?;
        for (name, _) in &roots {
            let free = held.dir().lacks(name).map_err(|source| {
                fault(format!(
                    "{} cannot be looked at: {source}",
                    shown(directory.join(name))
                ))
            })?;
            if !free
                && !held
                    .dir()
                    .content(name, MAX_ROOT)
                    .is_ok_and(|(content, _)| chains::is_a_root(&content))
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

    /// Stops it and waits until it has stopped: the address is free afterwards. Dropping it does
    /// the same.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(Running { stop, thread }) = self.running.take() {
            // Neither can fail in a way that matters now: a thread that has ended is what is
            // wanted.
            stop.send(()).unwrap_or_default();
            thread.join().unwrap_or_default();
            // Whoever still waits for a key does not hold the state file.
            self.inside.store.iter().for_each(Store::close);
        }
    }
}
