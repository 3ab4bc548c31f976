//! What checks are about: the four inputs, the two sides, and what stands between.

use serde::Serialize;

/// One of the four inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Input {
    /// The cluster's CSR
    Csr,
    /// The HSM's certificate
    Hsm,
    /// The hardware certificate that AWS issued
    AwsHardware,
    /// The hardware certificate that the manufacturer issued
    ManufacturerHardware,
}

impl Input {
    /// All four.
    pub const ALL: [Input; 4] = [
        Input::Csr,
        Input::Hsm,
        Input::AwsHardware,
        Input::ManufacturerHardware,
    ];
    /// The three certificates.
    pub const CERTIFICATES: [Input; 3] =
        [Input::Hsm, Input::AwsHardware, Input::ManufacturerHardware];

    /// As sentences name it.
    pub const fn noun(self) -> &'static str {
        self.pick([
            "the CSR",
            "the HSM certificate",
            "the AWS hardware certificate",
            "the manufacturer hardware certificate",
        ])
    }

    /// Returns the one of four texts that is this input's.
    pub(crate) const fn pick(self, texts: [&'static str; 4]) -> &'static str {
        let [csr, hsm, aws, manufacturer] = texts;
        match self {
            Input::Csr => csr,
            Input::Hsm => hsm,
            Input::AwsHardware => aws,
            Input::ManufacturerHardware => manufacturer,
        }
    }
}

/// A subject that a judgement reads: one of the four inputs, or what the owner adds to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadSubject {
    /// One of the inputs.
    Input(Input),
    /// The certificate that the owner's CA signed.
    SignedCert,
    /// The owner's CA certificate, or the chain that it begins.
    TrustAnchor,
}

impl ReadSubject {
    /// Returns the noun that sentences have for it.
    pub const fn noun(self) -> &'static str {
        match self {
            ReadSubject::Input(input) => input.noun(),
            ReadSubject::SignedCert => "the signed certificate",
            ReadSubject::TrustAnchor => "the trust anchor",
        }
    }
}

/// One of the two chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// AWS root, AWS hardware certificate
    Aws,
    /// Manufacturer root, manufacturer hardware certificate
    Manufacturer,
}

impl Side {
    /// Both.
    pub const ALL: [Side; 2] = [Side::Aws, Side::Manufacturer];

    /// Returns the word that records have for it.
    pub const fn as_str(self) -> &'static str {
        self.pick("aws", "manufacturer")
    }

    /// Selects this side's value of a pair that holds both sides', AWS's first.
    pub(crate) fn select_from<T>(self, [aws, manufacturer]: [T; 2]) -> T {
        match self {
            Side::Aws => aws,
            Side::Manufacturer => manufacturer,
        }
    }

    /// Returns the one of two texts that is this side's.
    pub(crate) const fn pick(self, aws: &'static str, manufacturer: &'static str) -> &'static str {
        match self {
            Side::Aws => aws,
            Side::Manufacturer => manufacturer,
        }
    }

    /// Its hardware certificate.
    pub const fn hardware(self) -> Input {
        match self {
            Side::Aws => Input::AwsHardware,
            Side::Manufacturer => Input::ManufacturerHardware,
        }
    }

    /// The name that sentences have for its anchor.
    pub const fn anchor_noun(self) -> &'static str {
        self.pick("the AWS anchor", "the manufacturer anchor")
    }

    /// The name that sentences have for its chain.
    pub const fn chain_noun(self) -> &'static str {
        self.pick("AWS's chain", "the manufacturer's chain")
    }

    /// The option that gives its anchors.
    pub const fn option(self) -> &'static str {
        self.pick("--aws-root", "--manufacturer-root")
    }
}

/// The place of a certificate between anchor and hardware certificate, counted from below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Height {
    /// It issued the hardware certificate.
    First,
    /// It issued the first.
    Second,
}

impl Height {
    /// All that are followed.
    pub const ALL: [Height; 2] = [Height::First, Height::Second];

    /// How many stand below it.
    pub(crate) const fn below(self) -> usize {
        match self {
            Height::First => 0,
            Height::Second => 1,
        }
    }
}
