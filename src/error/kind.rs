//! Every kind of error: its stable name, its class (and so its exit code), whether it helps to run
//! the same command again, and what it means.

use std::fmt;

use serde::Serialize;

use super::Class;

/// Whether a program may run the same command again after an error.
///
/// docs/exit-codes.md has the rule. It belongs to the kind, and holds wherever that kind is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Retry {
    /// What stood in the way passes by itself, or the command was only stopped. The same command
    /// goes on from there.
    SameCommand,
    /// Something has to change first: the command line, a file, a permission, the CA, the cluster.
    /// The hint says what.
    AfterFix,
    /// No repetition helps, and no program decides: the proof failed (class `Rejected`), what was
    /// asked for can no longer come true, all is done and only its answer is missing, or hsmboot
    /// has a bug.
    Never,
}

impl Retry {
    /// Every value, as docs/exit-codes.md lists them.
    pub const ALL: [Retry; 3] = [Retry::SameCommand, Retry::AfterFix, Retry::Never];

    /// The stable name: `same-command`, `after-fix` or `never`.
    pub const fn name(self) -> &'static str {
        match self {
            Retry::SameCommand => "same-command",
            Retry::AfterFix => "after-fix",
            Retry::Never => "never",
        }
    }
}

impl Serialize for Retry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

macro_rules! kinds {
    ($($class:ident { $($kind:ident, $retry:ident, $name:literal, $meaning:literal;)+ })+) => {
        /// The kind of a failure, for programs. docs/exit-codes.md lists every kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorKind {
            $($(#[doc = $meaning] $kind,)+)+
        }

        impl ErrorKind {
            /// Every kind, class by class, as docs/exit-codes.md lists them.
            pub const ALL: &'static [ErrorKind] = &[$($(ErrorKind::$kind,)+)+];

            /// Returns the stable name, in kebab-case: `csr-changed`.
            pub const fn name(self) -> &'static str {
                match self { $($(ErrorKind::$kind => $name,)+)+ }
            }

            /// Returns the class, which gives the exit code.
            pub const fn class(self) -> Class {
                match self { $($(ErrorKind::$kind => Class::$class,)+)+ }
            }

            /// Whether the same command may succeed when it is run again.
            pub const fn retry(self) -> Retry {
                match self { $($(ErrorKind::$kind => Retry::$retry,)+)+ }
            }

            /// Returns the meaning, as docs/exit-codes.md says it (Markdown).
            pub const fn meaning(self) -> &'static str {
                match self { $($(ErrorKind::$kind => $meaning,)+)+ }
            }
        }
    };
}

kinds! {
    Machine {
        Bug, Never, "bug", "a bug in hsmboot; nothing is half-written";
        CaCertificateUnsound, Never, "ca-certificate-unsound",
            "a CA certificate that was just made did not stand its own test: a bug; nothing was \
             written";
        CaKeyUnusable, Never, "ca-key-unusable", "a key that was just made cannot be used: a bug";
        CannotWrite, AfterFix, "cannot-write",
            "a file or directory cannot be written: disk full, permission, read-only";
        CannotListen, AfterFix, "cannot-listen",
            "`simulate`: the address is taken, or not this machine's";
        CannotStart, AfterFix, "cannot-start", "`simulate`: the machine has no threads to spare";
        NoCertificates, AfterFix, "no-certificates",
            "`simulate`: no keys or certificates could be made";
        NoRandomness, AfterFix, "no-randomness", "the system yields no randomness";
        NoRuntime, AfterFix, "no-runtime", "the system gives no timers or sockets";
        NoSignals, AfterFix, "no-signals", "the system does not let signals be handled";
        Simulator, AfterFix, "simulator", "`bootstrap --simulate`: the simulator does not start";
        Unreadable, AfterFix, "unreadable",
            "a file is there and cannot be read: permission, an I/O error";
    }
    Usage {
        CaInBundle, AfterFix, "ca-in-bundle",
            "`--ca` leads to a file of the bundle itself, which proves nothing";
        ExpectInBundle, AfterFix, "expect-in-bundle",
            "`--expect-file` leads to a file of the bundle itself, or of another of the bundles, \
             which proves nothing";
        ModuleInBundle, AfterFix, "module-in-bundle",
            "a program that would be run to reach the CA's key (the PKCS#11 module: \
             `--pkcs11-module`, its variable, or `module-path`) is a file of the bundle itself; it \
             was not run";
        QueryUnfit, AfterFix, "query-unfit",
            "`--query`: the expression was read, and does not fit the result; what the command was \
             to do is done, and with `--output json` the whole result is there; where that changed \
             something, `retry` is `never`";
        RootInBundle, AfterFix, "root-in-bundle",
            "a root (`--aws-root`, `--manufacturer-root`, or the variable) is a file of the \
             bundle itself, which proves nothing";
        Usage, AfterFix, "usage",
            "an option or argument is missing, unknown or not of the right form";
        BadKeySource, AfterFix, "bad-key-source", "`--ca-key` is empty";
        BadKeyUri, AfterFix, "bad-key-uri",
            "what follows the scheme of `--ca-key` names no key: a `pkcs11:` URI that RFC 7512 \
             does not allow, or with a PIN in it, or without `object` where `ca init` is to make \
             the key; an `awskms:` URI of another form than its four";
        BadKeyType, AfterFix, "bad-key-type", "`--key-type` is none of the five";
        BadSubject, AfterFix, "bad-subject",
            "`--subject` is no name, neither as RFC 4514 nor as openssl writes one, or too long";
        BadTerms, AfterFix, "bad-terms",
            "no CA certificate can have these dates, this serial number or this subject";
        ContradictingRegion, AfterFix, "contradicting-region",
            "`--region` says another region than the ARN of the key or of the CA";
        AnotherAccount, AfterFix, "another-account",
            "the cluster's ARN, or `submit --account`, names another account than the credentials \
             are of; nothing was sent";
        CaNotAllowed, AfterFix, "ca-not-allowed",
            "`lambda`: an event that signs or claims names a CA whose certificate's SHA-256 is \
             none of those in the function's environment (`HSMBOOT_LAMBDA_CA_SHA256`), or names \
             none; nothing was done";
        CaMissing, AfterFix, "ca-missing",
            "`bootstrap`: `--ca-key` without a CA certificate to go with it; or no CA at all, \
             with a bundle in one file, where none can be made";
        InsecureEndpoint, AfterFix, "insecure-endpoint",
            "an endpoint that is another machine's and plain HTTP, whatever named it, without \
             `--insecure-http`; nothing was sent";
        KeyKindUnsupported, AfterFix, "key-kind-unsupported",
            "`--ca-key` names a kind of key that this build of hsmboot has no part for";
        KeyTypeDiffers, AfterFix, "key-type-differs",
            "`ca init --ca-key`: the key that is there is of another type than `--key-type` says";
        OptionsForNothing, AfterFix, "options-for-nothing",
            "an option for a CA in AWS, and the CA is not there; or one for `--ca-arn`, which is \
             not given";
        ReasonForNothing, AfterFix, "reason-for-nothing",
            "`--reason` without `--accept` or `--unverified`";
        ConsentMissing, AfterFix, "consent-missing",
            "something is to be deleted, or every HSM of a cluster replaced (`cluster modify \
             --hsm-type`), there is no terminal to ask at, and no `--yes`";
        ReasonMissing, AfterFix, "reason-missing",
            "`--accept` or `--unverified` without `--reason`";
        TokenModuleMissing, AfterFix, "token-module-missing",
            "`--ca-key` names a PKCS#11 token, and nothing names the module that leads to it";
        TerminalTooSmall, AfterFix, "terminal-too-small",
            "`qr show`: the window is too small for a code, or for 99 of so large a bundle";
        SimulatorCredentialsMissing, AfterFix, "simulator-credentials-missing",
            "`simulate --require-sigv4`: neither `--credentials` nor the environment has any";
    }
    Rejected {
        AnotherFingerprint, Never, "another-fingerprint",
            "the request or the response is not the one whose fingerprint the other side read out";
        AnotherTrustAnchor, Never, "another-trust-anchor",
            "`submit` and `handover` with `--ca` or `--ca-fingerprint`: the bundle's trust anchor \
             is not the CA that was named; `sign --ca-fingerprint`: the CA's root certificate is \
             another";
        OwnerNotProven, Never, "owner-not-proven",
            "nothing names or proves whose CA it is: `submit` without `--ca`, `--ca-fingerprint` \
             or the response's fingerprint; `bootstrap` with a CA in the bundle whose key is not \
             at hand, or lies there unencrypted; `--ca-arn` without `--ca-fingerprint`; \
             `handover` without `--ca` and `--ca-fingerprint`; nothing was sent, signed or \
             written";
        NotCompared, Never, "not-compared",
            "the question for the fingerprint got no answer; nothing was done";
        Rejected, Never, "rejected",
            "the HSM's identity is not proven; the checks that failed are listed";
        RootMissing, Never, "root-missing",
            "nothing but a root is missing that is not built in: which, and from which page. \
             `bootstrap` says so before it creates anything or asks for a passphrase";
        RootUnfit, Never, "root-unfit",
            "`roots show`: the file holds no root, or another one than its name says";
        PairUnfit, Never, "pair-unfit",
            "CSR, signed certificate and trust anchor do not belong together, the CSR is signed by \
             another key or with an algorithm that does not count, the CA signed with one that \
             does not count, or the cluster's clients would refuse the signed certificate";
    }
    Input {
        BadArchive, AfterFix, "bad-archive",
            "a bundle in one file is damaged, or holds what no bundle does: links, directories, \
             other names, what is not text; `pack`, `qr show`: a file of the bundle is not text";
        BadAnchor, AfterFix, "bad-anchor",
            "a file for `--aws-root` or `--manufacturer-root` cannot be read or holds no \
             certificate";
        BadClusterId, AfterFix, "bad-cluster-id",
            "a file name in the bundle has a cluster id that is none";
        BadPolicy, AfterFix, "bad-policy",
            "`backup policy put`: the policy is no JSON object, or longer than 20000 characters; \
             nothing was sent";
        BadConfig, AfterFix, "bad-config",
            "the configuration file is damaged, sets what no file may set, others can write to it, \
             or it lies in a bundle";
        BadDocument, AfterFix, "bad-document",
            "a JSON document in the bundle is damaged, or of another format";
        BadState, AfterFix, "bad-state",
            "`simulate --state`: the file is damaged, of another version, no such file at all, or \
             cannot be read";
        BadRequestJson, AfterFix, "bad-request-json",
            "`request.json` records a file that no bundle has";
        BadTranscript, AfterFix, "bad-transcript",
            "the transcript was changed, cut or reordered, a file is missing or not what its last \
             step left, no step says where it came from, a step that is not sealed replaced what \
             the CA had sealed (`--ca`), or no line has a SHA-256 that was noted elsewhere; `sign \
             --seal` also where `request.json` is there and no transcript; `handover` wherever \
             `transcript verify` would refuse";
        CaKeyMalformed, AfterFix, "ca-key-malformed",
            "the CA's key file is empty, holds no key, or a damaged one";
        CaKeyNotAKey, AfterFix, "ca-key-not-a-key",
            "the CA's key file holds a certificate, a public key or the like";
        CaKeySeveral, AfterFix, "ca-key-several", "the CA's key file holds several private keys";
        CaKeyTooLarge, AfterFix, "ca-key-too-large",
            "the CA's key file is larger than any private key";
        CodesDamaged, AfterFix, "codes-damaged",
            "`qr read`: the codes check one by one, and do not make a request or a response";
        CodesMissing, AfterFix, "codes-missing", "`qr read`: parts are missing; they are named";
        CodesMixed, AfterFix, "codes-mixed",
            "`qr read`: the codes belong to several bundles, or to one drawn at several sizes";
        CreationUnaccounted, AfterFix, "creation-unaccounted",
            "`bootstrap --create`: no step of the transcript wrote `creation.json` as it stands; \
             it is not obeyed";
        DigestMismatch, AfterFix, "digest-mismatch",
            "a file is not the one that `request.json`, `response.json` or the transcript \
             recorded";
        EventAnswerTooLarge, AfterFix, "event-answer-too-large",
            "`lambda`: the answer is longer than the 6 MB that Lambda returns; what was to be done \
             is done";
        FileMissing, AfterFix, "file-missing", "a file is not there";
        FileTooLarge, AfterFix, "file-too-large",
            "a file is far larger than what it should be; it was not read";
        HasAnotherName, AfterFix, "has-another-name",
            "`pack`, `qr show`: a file of the bundle has a second name (a hard link), and may be \
             another file's text; nothing was written";
        IsADirectory, AfterFix, "is-a-directory", "a directory, where a file was expected";
        IsALink, AfterFix, "is-a-link",
            "a bundle whose own path is a symbolic link; the hint names what it leads to";
        Malformed, AfterFix, "malformed",
            "an input is no strict PEM block of strict DER, or over a documented limit";
        NoCodes, AfterFix, "no-codes", "`qr read`: no code of a bundle was found";
        NoBundle, AfterFix, "no-bundle", "there is no such directory, or no bundle in it";
        NoTranscript, AfterFix, "no-transcript", "the bundle has no transcript";
        NotAnImage, AfterFix, "not-an-image",
            "`qr read`: neither PNG nor JPEG nor the text of codes, a JPEG of several scans, or a \
             damaged one";
        NotADirectory, AfterFix, "not-a-directory", "a file, where a directory was expected";
        NotAFile, AfterFix, "not-a-file",
            "a device, a pipe, a socket or, in a bundle, a link, where a file was expected";
        NotSealed, AfterFix, "not-sealed",
            "`transcript verify --ca`: no step of the transcript is sealed";
        NotClaimed, AfterFix, "not-claimed",
            "`handover`: the bundle holds no `receipt.json`, so nothing says that its cluster is \
             claimed";
        NotSigned, AfterFix, "not-signed", "`submit`: the bundle holds no signed certificate";
        PrivateKey, AfterFix, "private-key",
            "a private key lies in a bundle that is to travel, or in one that has come";
        ReceiptDiffers, AfterFix, "receipt-differs",
            "`handover`: `receipt.json` names another cluster, CSR, certificate or trust anchor \
             than the bundle's files, or a cluster certificate that the trust anchor did not sign \
             for this CSR";
        RequestMissing, AfterFix, "request-missing",
            "`qr read`: a response, and the place does not hold the request that it answers";
        SeveralClusters, AfterFix, "several-clusters", "the bundle holds files of several clusters";
        SimulatorCredentialsMalformed, AfterFix, "simulator-credentials-malformed",
            "`simulate`: the file of `--credentials` holds something else";
    }
    Ca {
        CaNotActive, AfterFix, "ca-not-active", "`--ca-arn`: the CA's status is not ACTIVE";
        CaNotFound, AfterFix, "ca-not-found", "`--ca-arn`: there is no such CA";
        CaShortLived, AfterFix, "ca-short-lived",
            "`--ca-arn`: the CA issues for seven days at most, and more are asked for";
        BadSignature, AfterFix, "bad-signature",
            "the key made something that does not verify under the CA certificate";
        CaKeyEncryptionUnsupported, AfterFix, "ca-key-encryption-unsupported",
            "the key is encrypted in a way that this program does not read, or at an absurd cost";
        CaKeyInconsistent, AfterFix, "ca-key-inconsistent",
            "the parts of the key contradict each other";
        CaKeyMismatch, AfterFix, "ca-key-mismatch", "the key is not the CA certificate's";
        CaKeyMissing, AfterFix, "ca-key-missing",
            "there is no such key file, or no such key at the place that `--ca-key` names";
        CaKeyUnavailable, AfterFix, "ca-key-unavailable",
            "the key is there and cannot be used now; in AWS KMS it is disabled, to be deleted, or \
             its key store is not connected";
        CaKeyUnreadable, AfterFix, "ca-key-unreadable", "the key file is there and cannot be read";
        CaKeyUnsupported, AfterFix, "ca-key-unsupported",
            "a key of a kind that a CA for CloudHSM cannot use";
        NoPassphrase, AfterFix, "no-passphrase",
            "the key is encrypted (or is to be), and there is no passphrase and no terminal to \
             ask at";
        PassphraseUnfit, AfterFix, "passphrase-unfit",
            "a new passphrase that is empty, too long, or holds a NUL or a line break";
        PassphraseUnreadable, AfterFix, "passphrase-unreadable",
            "the passphrase's file or descriptor cannot be read";
        PassphraseWeak, AfterFix, "passphrase-weak",
            "a new passphrase of fewer than 12 characters, or of an obvious pattern";
        PinFinalTry, AfterFix, "pin-final-try",
            "one wrong PIN more locks the token, nobody types this one, and there is no \
             `--final-try`: it was not tried";
        PinLocked, AfterFix, "pin-locked", "the token's PIN is locked, after too many wrong ones";
        PassphrasesDiffer, AfterFix, "passphrases-differ",
            "the new passphrase was typed differently three times";
        PromptCancelled, AfterFix, "prompt-cancelled", "the prompt was ended without a passphrase";
        TokenAmbiguous, AfterFix, "token-ambiguous", "several tokens fit the `pkcs11:` URI";
        TokenKeyAmbiguous, AfterFix, "token-key-ambiguous",
            "several private keys on the token fit the URI, and the CA's certificate if there is \
             one; or a new key would share another's id";
        TokenKeyExposed, AfterFix, "token-key-exposed",
            "a key was made on the token, and the token does not say that it stays there; it was \
             destroyed again";
        TokenKeyMissing, AfterFix, "token-key-missing", "no private key on the token fits the URI";
        TokenKeyWithoutPublic, AfterFix, "token-key-without-public",
            "the token has the private key without its public key";
        TokenMechanismMissing, AfterFix, "token-mechanism-missing",
            "the token cannot make such a key, or not sign with it as a certificate needs";
        TokenMissing, AfterFix, "token-missing", "no token fits the `pkcs11:` URI";
        TokenModuleUnusable, AfterFix, "token-module-unusable",
            "the PKCS#11 module is missing, is none, cannot be loaded, does not start, or is not \
             the one that the URI names";
        TokenRefused, AfterFix, "token-refused",
            "the token did not do what it was asked for; its answer is in the message";
        TokenUnusable, AfterFix, "token-unusable",
            "the token was removed, is not initialised, has no PIN, is write-protected or has a \
             fault";
        TrustAnchorRefused, AfterFix, "trust-anchor-refused",
            "the CA certificate is one that CloudHSM would refuse (expired, CA:FALSE, not \
             self-signed, too weak), or the cluster's clients (a critical extension that they do \
             not know, other purposes than serverAuth, names that exclude the HSM)";
        WrongPassphrase, AfterFix, "wrong-passphrase",
            "the passphrase does not open the key, or the file is damaged";
        WrongPin, AfterFix, "wrong-pin", "the token does not take the PIN; it was tried once";
    }
    Service {
        AccessDenied, AfterFix, "access-denied",
            "the credentials are good, but IAM does not allow the action: see [IAM](iam.md)";
        BackupNotFound, AfterFix, "backup-not-found", "no such backup in this account and region";
        BackupWithoutArn, AfterFix, "backup-without-arn",
            "`backup policy`: the service says no ARN of the backup";
        CertificateNotFound, AfterFix, "certificate-not-found",
            "`sign --certificate-arn`: AWS Private CA has no such certificate";
        ClusterNotFound, AfterFix, "cluster-not-found",
            "no such cluster in this account and region";
        CredentialsRefused, AfterFix, "credentials-refused",
            "the service does not accept the credentials: unknown, expired, wrong clock";
        HsmNotFound, AfterFix, "hsm-not-found", "the cluster has no such HSM";
        InitializationFellBack, SameCommand, "initialization-fell-back",
            "InitializeCluster was accepted, and the cluster is UNINITIALIZED again";
        InitializeWithoutEffect, SameCommand, "initialize-without-effect",
            "InitializeCluster was sent several times without a usable answer, and the cluster is \
             untouched";
        NoCredentials, AfterFix, "no-credentials", "no credentials were found";
        NoRegion, AfterFix, "no-region", "no region is set";
        ResourceNotFound, AfterFix, "resource-not-found",
            "tags: no such cluster or backup in this account and region";
        RoleNotAssumed, AfterFix, "role-not-assumed",
            "AWS STS does not let the credentials assume the role of `--assume-role`, or of the \
             fleet file; the message says which credentials tried it";
        ServiceFailure, SameCommand, "service-failure",
            "no usable answer: a timeout, a dropped connection, a 5xx";
        ServiceRefused, AfterFix, "service-refused",
            "the service refused the request, in its own words";
        ServiceUnreachable, SameCommand, "service-unreachable", "no connection";
        StrangeAnswer, AfterFix, "strange-answer", "what DescribeClusters answered cannot be right";
        Throttled, SameCommand, "throttled", "too many requests, again and again";
        AnswerTooLong, AfterFix, "answer-too-long",
            "an answer, or a list of pages, that has no end within what there can be: 4 MiB, 1000 \
             pages, 64 MiB in all";
        AnswerUnreadable, AfterFix, "answer-unreadable",
            "what answered is no document of the service's: nothing, white space, HTML, half a \
             document, or one without what was asked for";
    }
    Unfinished {
        CertificatePending, SameCommand, "certificate-pending",
            "`--ca-arn`: the certificate was requested and is not there yet; \
             `--certificate-arn` fetches it";
        CreationUnknown, SameCommand, "creation-unknown",
            "`bootstrap --create`: a cluster was asked for, and nobody knows whether it was made; \
             the same command finds out";
        NotFinished, SameCommand, "not-finished",
            "the time is up; the same command goes on from here";
    }
    Conflict {
        AlreadySigned, AfterFix, "already-signed",
            "the bundle is signed already, by another CA, for another CSR, or so that it does not \
             fit: the message says which; nothing was changed";
        AnotherCluster, AfterFix, "another-cluster",
            "`fetch`, `bootstrap`, `unpack`, `qr read`: the place holds another cluster's bundle; \
             `report`: it is another cluster's than the fleet file says";
        BackupMode, AfterFix, "backup-mode",
            "`cluster create --source-backup-id`: the backup is of the other mode than `--mode` \
             says; nothing was created";
        BackupState, AfterFix, "backup-state", "the backup's state does not allow the step";
        CaIncomplete, AfterFix, "ca-incomplete",
            "`bootstrap`: the bundle's directory holds a CA key without its certificate";
        ClaimedByAnotherCa, Never, "claimed-by-another-ca",
            "the cluster is claimed, and its certificate is another CA's: its signature can be \
             verified, and this CA's key did not make it";
        ClaimedForAnotherCsr, Never, "claimed-for-another-csr",
            "the cluster is claimed by this CA, but its certificate carries another key than the \
             CSR that was signed";
        ClaimedByUnknown, AfterFix, "claimed-by-unknown",
            "the cluster is claimed, and nothing tells by whom: it shows no certificate, or one \
             that cannot be judged";
        ClusterBusy, SameCommand, "cluster-busy",
            "the cluster is being changed and shows no certificate";
        ClusterDegraded, AfterFix, "cluster-degraded",
            "the cluster is degraded, and shows no certificate that would tell whether it is \
             claimed";
        ClusterDeleted, Never, "cluster-deleted", "the cluster is deleted, or being deleted";
        ClusterHasHsms, AfterFix, "cluster-has-hsms",
            "a cluster can be deleted only when it has no HSMs";
        ClusterNotOrdered, AfterFix, "cluster-not-ordered",
            "`bootstrap --create`: the cluster that the bundle names does not carry the order's \
             tag, or is not what was ordered; it was left as it is";
        ClusterNotReady, SameCommand, "cluster-not-ready",
            "the cluster is still being created or initialized";
        ClusterStateUnknown, AfterFix, "cluster-state-unknown",
            "a state that this version does not know";
        CreationDiffers, AfterFix, "creation-differs",
            "`bootstrap --create`: the bundle remembers another creation, or another run is at \
             work on it";
        CsrChanged, AfterFix, "csr-changed", "the cluster's CSR is not the one that was signed";
        CsrGone, Never, "csr-gone",
            "the cluster is past initialization and shows CSR and hardware certificates no more";
        CsrNotReady, SameCommand, "csr-not-ready", "the first HSM is still at it";
        ChangedMeanwhile, AfterFix, "changed-meanwhile",
            "a file of the bundle is not what it was when this command read it; nothing was \
             signed, sent or written";
        WrittenMeanwhile, SameCommand, "written-meanwhile",
            "another command wrote a file of the bundle while this one was at work; nothing was \
             sent or written";
        DirectoryTaken, SameCommand, "directory-taken",
            "another program has locked the directory for half a minute";
        FileExists, AfterFix, "file-exists",
            "a file of other content stands where one is to be written, or, for `simulate \
             --roots`, one that no simulator wrote; it was left as it is";
        FirstHsmExists, AfterFix, "first-hsm-exists",
            "a cluster that is not claimed and activated takes one HSM, and has it";
        NoHsm, AfterFix, "no-hsm",
            "the cluster has no working HSM, none is being made, and only an HSM makes the CSR; \
             `wait` ends with it at once";
        SignedForAnotherCsr, AfterFix, "signed-for-another-csr",
            "the bundle's certificate, or the response that came, was signed for another CSR than \
             the bundle's";
        StateInUse, AfterFix, "state-in-use", "`simulate --state`: another simulator uses the file";
        StateOutOfReach, Never, "state-out-of-reach",
            "`wait`, `--wait`: the cluster or the HSM cannot get into that state any more";
        TypeChangeForbidden, AfterFix, "type-change-forbidden",
            "`cluster modify --hsm-type`: the cluster is not ACTIVE, has more than 27 HSMs, or no \
             change of type is left to be taken back; nothing was sent";
        TypeChangeUndone, AfterFix, "type-change-undone",
            "`cluster modify --hsm-type --wait`: the change is over, and the cluster is not of \
             that type: AWS took it back";
        TranscriptFull, AfterFix, "transcript-full",
            "the transcript would become too long to be read again; the step was not taken";
        TranscriptDiffers, AfterFix, "transcript-differs",
            "`unpack`, `qr read`: the transcript that came does not continue the one that is \
             there";
        ZoneWithoutSubnet, AfterFix, "zone-without-subnet",
            "the cluster has no subnet in the Availability Zone that was named";
    }
    Interrupted {
        Declined, SameCommand, "declined",
            "the question before a deletion, or before a change of type, was not answered with \
             yes; nothing was deleted or changed";
        Interrupted, SameCommand, "interrupted",
            "SIGINT, SIGTERM, SIGHUP or SIGQUIT, whatever the command waits for; nothing is \
             half-written";
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
