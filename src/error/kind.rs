//! Every kind of error: its stable name, its class (and so its exit code), and what it means.

use std::fmt;

use serde::Serialize;

use super::Class;

macro_rules! kinds {
    ($($class:ident { $($kind:ident, $name:literal, $meaning:literal;)+ })+) => {
        /// What went wrong, for programs. docs/exit-codes.md lists every kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorKind {
            $($(#[doc = $meaning] $kind,)+)+
        }

        impl ErrorKind {
            /// Every kind, class by class, as docs/exit-codes.md lists them.
            pub const ALL: &'static [ErrorKind] = &[$($(ErrorKind::$kind,)+)+];

            /// The stable name, in kebab-case: `csr-changed`.
            pub const fn name(self) -> &'static str {
                match self { $($(ErrorKind::$kind => $name,)+)+ }
            }

            /// The class, which gives the exit code.
            pub const fn class(self) -> Class {
                match self { $($(ErrorKind::$kind => Class::$class,)+)+ }
            }

            /// What it means, as docs/exit-codes.md says it (Markdown).
            pub const fn meaning(self) -> &'static str {
                match self { $($(ErrorKind::$kind => $meaning,)+)+ }
            }
        }
    };
}

kinds! {
    Machine {
        Bug, "bug", "a bug in hsmboot; nothing is half-written";
        CaCertificateUnsound, "ca-certificate-unsound",
            "a CA certificate that was just made did not stand its own test: a bug; nothing was \
             written";
        CaKeyUnusable, "ca-key-unusable", "a key that was just made cannot be used: a bug";
        CannotWrite, "cannot-write",
            "a file or directory cannot be written: disk full, permission, read-only";
        CannotListen, "cannot-listen", "`simulate`: the address is taken, or not this machine's";
        CannotStart, "cannot-start", "`simulate`: the machine has no threads to spare";
        NoCertificates, "no-certificates", "`simulate`: no keys or certificates could be made";
        NoRandomness, "no-randomness", "the system yields no randomness";
        NoRuntime, "no-runtime", "the system gives no timers or sockets";
        NoSignals, "no-signals", "the system does not let signals be handled";
        Simulator, "simulator", "`bootstrap --simulate`: the simulator does not start";
        Unreadable, "unreadable", "a file is there and cannot be read: permission, an I/O error";
    }
    Usage {
        CaInBundle, "ca-in-bundle",
            "`--ca` or `--trust-anchor` leads to a file of the bundle itself, which proves \
             nothing";
        ModuleInBundle, "module-in-bundle",
            "the PKCS#11 module (`--pkcs11-module`, its variable, or `module-path`) is a file of \
             the bundle itself; it was not loaded";
        RootInBundle, "root-in-bundle",
            "a root (`--aws-root`, `--manufacturer-root`, or the variable) is a file of the \
             bundle itself, which proves nothing";
        Usage, "usage", "an option or argument is missing, unknown or not of the right form";
        BadKeySource, "bad-key-source", "`--ca-key` is empty";
        BadKeyUri, "bad-key-uri",
            "`--ca-key` is a `pkcs11:` URI that RFC 7512 does not allow, or with a PIN in it; or \
             `ca init` is to make a key on a token, and the URI has no `object`; or an `awskms:` \
             URI that names no key";
        BadKeyType, "bad-key-type", "`--key-type` is none of the five";
        BadSubject, "bad-subject",
            "`--subject` is no name, neither as RFC 4514 nor as openssl writes one, or too long";
        BadTerms, "bad-terms",
            "no CA certificate can have these dates, this serial number or this subject";
        ContradictingRegion, "contradicting-region",
            "`--region` says another region than the ARN of the key or of the CA";
        CaMissing, "ca-missing",
            "`bootstrap`: `--ca-key` without a CA certificate to go with it; or no CA at all, \
             with a bundle in one file, where none can be made";
        InsecureEndpoint, "insecure-endpoint",
            "an endpoint that is another machine's and plain HTTP, whatever named it, without \
             `--insecure-http`; nothing was sent";
        KeyKindUnsupported, "key-kind-unsupported",
            "`--ca-key` names a kind of key that this build of hsmboot has no part for";
        KeyTypeDiffers, "key-type-differs",
            "`ca init --ca-key`: the key that is there is of another type than `--key-type` says";
        OptionsForNothing, "options-for-nothing",
            "an option for a CA in AWS, and the CA is not there; or one for `--ca-arn`, which is \
             not given";
        ReasonForNothing, "reason-for-nothing", "`--reason` without `--accept` or `--unverified`";
        ConsentMissing, "consent-missing",
            "something is to be deleted, or every HSM of a cluster replaced (`cluster modify \
             --hsm-type`), there is no terminal to ask at, and no `--yes`";
        ReasonMissing, "reason-missing", "`--accept` or `--unverified` without `--reason`";
        TokenModuleMissing, "token-module-missing",
            "`--ca-key` names a PKCS#11 token, and nothing names the module that leads to it";
        TerminalTooSmall, "terminal-too-small",
            "`qr show`: the window is too small for a code, or for 99 of so large a bundle";
        SimulatorCredentialsMissing, "simulator-credentials-missing",
            "`simulate --require-sigv4`: neither `--credentials` nor the environment has any";
    }
    Rejected {
        AnotherFingerprint, "another-fingerprint",
            "the request or the response is not the one whose fingerprint the other side read out";
        AnotherTrustAnchor, "another-trust-anchor",
            "`submit` and `handover` with `--ca` or `--ca-fingerprint`: the bundle's trust anchor \
             is not the CA that was named; `sign --ca-fingerprint`: the CA's root certificate is \
             another";
        OwnerNotProven, "owner-not-proven",
            "nothing names or proves whose CA it is: `submit` without `--ca`, `--ca-fingerprint` \
             or the response's fingerprint; `bootstrap` with a CA in the bundle whose key is not \
             at hand, or lies there unencrypted; `sign --ca-arn` without `--ca-fingerprint`; \
             `handover` without `--ca` and `--ca-fingerprint`; nothing was sent, signed or \
             written";
        NotCompared, "not-compared",
            "the question for the fingerprint got no answer; nothing was done";
        Rejected, "rejected", "the HSM's identity is not proven; the checks that failed are listed";
        RootMissing, "root-missing",
            "nothing but a root is missing that is not built in: which, and from which page. \
             `bootstrap` says so before it creates anything or asks for a passphrase";
        RootUnfit, "root-unfit",
            "`roots show`: the file holds no root, or another one than its name says";
        PairUnfit, "pair-unfit",
            "CSR, signed certificate and trust anchor do not belong together, the CA signed with \
             an algorithm that does not count, or the cluster's clients would refuse the signed \
             certificate";
    }
    Input {
        BadArchive, "bad-archive",
            "a bundle in one file is damaged, or holds what no bundle does: links, directories, \
             other names, what is not text; `pack`, `qr show`: a file of the bundle is not text";
        BadAnchor, "bad-anchor",
            "a file for `--aws-root` or `--manufacturer-root` cannot be read or holds no \
             certificate";
        BadClusterId, "bad-cluster-id", "a file name in the bundle has a cluster id that is none";
        BadPolicy, "bad-policy",
            "`backup policy put`: the policy is no JSON object, or longer than 20000 characters; \
             nothing was sent";
        BadDocument, "bad-document",
            "a JSON document in the bundle is damaged, or of another format";
        BadState, "bad-state",
            "`simulate --state`: the file is damaged, of another version, no such file at all, or \
             cannot be read";
        BadRequestJson, "bad-request-json", "`request.json` records a file that no bundle has";
        BadTranscript, "bad-transcript",
            "the transcript was changed, cut or reordered, a file is missing or not what its last \
             step left, no step says where it came from, a step that is not sealed replaced what \
             the CA had sealed (`--ca`), or no line has a SHA-256 that was noted elsewhere; `sign \
             --seal` also where `request.json` is there and no transcript; `handover` wherever \
             `transcript verify` would refuse";
        CaKeyMalformed, "ca-key-malformed",
            "the CA's key file is empty, holds no key, or a damaged one";
        CaKeyNotAKey, "ca-key-not-a-key",
            "the CA's key file holds a certificate, a public key or the like";
        CaKeySeveral, "ca-key-several", "the CA's key file holds several private keys";
        CaKeyTooLarge, "ca-key-too-large", "the CA's key file is larger than any private key";
        CodesDamaged, "codes-damaged",
            "`qr read`: the codes check one by one, and do not make a request or a response";
        CodesMissing, "codes-missing", "`qr read`: parts are missing; they are named";
        CodesMixed, "codes-mixed",
            "`qr read`: the codes belong to several bundles, or to one drawn at several sizes";
        CreationUnaccounted, "creation-unaccounted",
            "`bootstrap --create`: no step of the transcript wrote `creation.json` as it stands; \
             it is not obeyed";
        DigestMismatch, "digest-mismatch",
            "a file is not the one that `request.json`, `response.json` or the transcript \
             recorded";
        FileMissing, "file-missing", "a file is not there";
        FileTooLarge, "file-too-large",
            "a file is far larger than what it should be; it was not read";
        HasAnotherName, "has-another-name",
            "`pack`, `qr show`: a file of the bundle has a second name (a hard link), and may be \
             another file's text; nothing was written";
        IsADirectory, "is-a-directory", "a directory, where a file was expected";
        IsALink, "is-a-link",
            "a bundle whose own path is a symbolic link; the hint names what it leads to";
        Malformed, "malformed",
            "an input is no strict PEM block of strict DER, or over a documented limit";
        NoCodes, "no-codes", "`qr read`: no code of a bundle was found";
        NoBundle, "no-bundle", "there is no such directory, or no bundle in it";
        NoTranscript, "no-transcript", "the bundle has no transcript";
        NotAnImage, "not-an-image",
            "`qr read`: neither PNG nor JPEG nor the text of codes, a JPEG of several scans, or a \
             damaged one";
        NotADirectory, "not-a-directory", "a file, where a directory was expected";
        NotAFile, "not-a-file",
            "a device, a pipe, a socket or, in a bundle, a link, where a file was expected";
        NotSealed, "not-sealed", "`transcript verify --ca`: no step of the transcript is sealed";
        NotClaimed, "not-claimed",
            "`handover`: the bundle holds no `receipt.json`, so nothing says that its cluster is \
             claimed";
        NotSigned, "not-signed", "`submit`: the bundle holds no signed certificate";
        PrivateKey, "private-key",
            "a private key lies in a bundle that is to travel, or in one that has come";
        ReceiptDiffers, "receipt-differs",
            "`handover`: `receipt.json` names another cluster, CSR, certificate or trust anchor \
             than the bundle's files, or a cluster certificate that the trust anchor did not sign \
             for this CSR";
        RequestMissing, "request-missing",
            "`qr read`: a response, and the place does not hold the request that it answers";
        SeveralClusters, "several-clusters", "the bundle holds files of several clusters";
        SimulatorCredentialsMalformed, "simulator-credentials-malformed",
            "`simulate`: the file of `--credentials` holds something else";
    }
    Ca {
        CaNotActive, "ca-not-active", "`sign --ca-arn`: the CA's status is not ACTIVE";
        CaNotFound, "ca-not-found", "`sign --ca-arn`: there is no such CA";
        CaShortLived, "ca-short-lived",
            "`sign --ca-arn`: the CA issues for seven days at most, and more are asked for";
        BadSignature, "bad-signature",
            "the key made something that does not verify under the CA certificate";
        CaKeyEncryptionUnsupported, "ca-key-encryption-unsupported",
            "the key is encrypted in a way that this program does not read, or at an absurd cost";
        CaKeyInconsistent, "ca-key-inconsistent", "the parts of the key contradict each other";
        CaKeyMismatch, "ca-key-mismatch", "the key is not the CA certificate's";
        CaKeyMissing, "ca-key-missing", "there is no such key file, or no such key in AWS KMS";
        CaKeyUnavailable, "ca-key-unavailable",
            "the key is in AWS KMS, and disabled, to be deleted, or its key store is not \
             connected";
        CaKeyUnreadable, "ca-key-unreadable", "the key file is there and cannot be read";
        CaKeyUnsupported, "ca-key-unsupported", "a key of a kind that a CA for CloudHSM cannot use";
        NoPassphrase, "no-passphrase",
            "the key is encrypted (or is to be), and there is no passphrase and no terminal to \
             ask at";
        PassphraseUnfit, "passphrase-unfit",
            "a new passphrase that is empty, too long, or holds a NUL or a line break";
        PassphraseUnreadable, "passphrase-unreadable",
            "the passphrase's file or descriptor cannot be read";
        PinFinalTry, "pin-final-try",
            "one wrong PIN more locks the token, nobody types this one, and there is no \
             `--final-try`: it was not tried";
        PinLocked, "pin-locked", "the token's PIN is locked, after too many wrong ones";
        PassphrasesDiffer, "passphrases-differ",
            "the new passphrase was typed differently three times";
        PromptCancelled, "prompt-cancelled", "the prompt was ended without a passphrase";
        TokenAmbiguous, "token-ambiguous", "several tokens fit the `pkcs11:` URI";
        TokenKeyAmbiguous, "token-key-ambiguous",
            "several private keys on the token fit the URI, and the CA's certificate if there is \
             one; or a new key would share another's id";
        TokenKeyExposed, "token-key-exposed",
            "a key was made on the token, and the token does not say that it stays there; it was \
             destroyed again";
        TokenKeyMissing, "token-key-missing", "no private key on the token fits the URI";
        TokenKeyWithoutPublic, "token-key-without-public",
            "the token has the private key without its public key";
        TokenMechanismMissing, "token-mechanism-missing",
            "the token cannot make such a key, or not sign with it as a certificate needs";
        TokenMissing, "token-missing", "no token fits the `pkcs11:` URI";
        TokenModuleUnusable, "token-module-unusable",
            "the PKCS#11 module is missing, is none, cannot be loaded, does not start, or is not \
             the one that the URI names";
        TokenRefused, "token-refused",
            "the token did not do what it was asked for; its answer is in the message";
        TokenUnusable, "token-unusable",
            "the token was removed, is not initialised, has no PIN, is write-protected or has a \
             fault";
        TrustAnchorRefused, "trust-anchor-refused",
            "the CA certificate is one that CloudHSM would refuse (expired, CA:FALSE, not \
             self-signed, too weak), or the cluster's clients (a critical extension that they do \
             not know, other purposes than serverAuth, names that exclude the HSM)";
        WrongPassphrase, "wrong-passphrase",
            "the passphrase does not open the key, or the file is damaged";
        WrongPin, "wrong-pin", "the token does not take the PIN; it was tried once";
    }
    Service {
        AccessDenied, "access-denied",
            "the credentials are good, but IAM does not allow the action: see [IAM](iam.md)";
        BackupNotFound, "backup-not-found", "no such backup in this account and region";
        BackupWithoutArn, "backup-without-arn",
            "`backup policy`: the service says no ARN of the backup";
        CertificateNotFound, "certificate-not-found",
            "`sign --certificate-arn`: AWS Private CA has no such certificate";
        ClusterNotFound, "cluster-not-found", "no such cluster in this account and region";
        CredentialsRefused, "credentials-refused",
            "the service does not accept the credentials: unknown, expired, wrong clock";
        HsmNotFound, "hsm-not-found", "the cluster has no such HSM";
        InitializationFellBack, "initialization-fell-back",
            "InitializeCluster was accepted, and the cluster is UNINITIALIZED again";
        InitializeWithoutEffect, "initialize-without-effect",
            "InitializeCluster was sent several times without a usable answer, and the cluster is \
             untouched";
        NoCredentials, "no-credentials", "no credentials were found";
        NoRegion, "no-region", "no region is set";
        ResourceNotFound, "resource-not-found",
            "tags: no such cluster or backup in this account and region";
        ServiceFailure, "service-failure",
            "no usable answer: a timeout, a dropped connection, a 5xx";
        ServiceRefused, "service-refused", "the service refused the request, in its own words";
        ServiceUnreachable, "service-unreachable", "no connection";
        StrangeAnswer, "strange-answer", "what DescribeClusters answered cannot be right";
        Throttled, "throttled", "too many requests, again and again";
        AnswerTooLong, "answer-too-long",
            "an answer, or a list of pages, that has no end within what there can be: 4 MiB, 1000 \
             pages, 64 MiB in all";
        AnswerUnreadable, "answer-unreadable",
            "what answered is no document of the service's: nothing, white space, HTML, half a \
             document, or one without what was asked for";
    }
    Unfinished {
        CertificatePending, "certificate-pending",
            "`sign --ca-arn`: the certificate was requested and is not there yet; \
             `--certificate-arn` fetches it";
        CreationUnknown, "creation-unknown",
            "`bootstrap --create`: a cluster was asked for, and nobody knows whether it was made; \
             the same command finds out";
        NotFinished, "not-finished", "the time is up; the same command goes on from here";
    }
    Conflict {
        AlreadySigned, "already-signed",
            "the bundle is signed already, by another CA, for another CSR, or so that it does not \
             fit: the message says which; nothing was changed";
        AnotherCluster, "another-cluster",
            "`fetch`, `bootstrap`, `unpack`, `qr read`: the place holds another cluster's bundle";
        BackupMode, "backup-mode",
            "`cluster create --source-backup-id`: the backup is of the other mode than `--mode` \
             says; nothing was created";
        BackupState, "backup-state", "the backup's state does not allow the step";
        CaIncomplete, "ca-incomplete",
            "`bootstrap`: the bundle's directory holds a CA key without its certificate";
        ClaimedByAnotherCa, "claimed-by-another-ca",
            "the cluster is claimed, and its certificate is another CA's: its signature can be \
             verified, and this CA's key did not make it";
        ClaimedForAnotherCsr, "claimed-for-another-csr",
            "the cluster is claimed by this CA, but its certificate carries another key than the \
             CSR that was signed";
        ClaimedByUnknown, "claimed-by-unknown",
            "the cluster is claimed, and nothing tells by whom: it shows no certificate, or one \
             that cannot be judged";
        ClusterBusy, "cluster-busy", "the cluster is being changed and shows no certificate";
        ClusterDegraded, "cluster-degraded",
            "the cluster is degraded, and shows no certificate that would tell whether it is \
             claimed";
        ClusterDeleted, "cluster-deleted", "the cluster is deleted, or being deleted";
        ClusterHasHsms, "cluster-has-hsms", "a cluster can be deleted only when it has no HSMs";
        ClusterNotOrdered, "cluster-not-ordered",
            "`bootstrap --create`: the cluster that the bundle names does not carry the order's \
             tag, or is not what was ordered; it was left as it is";
        ClusterNotReady, "cluster-not-ready", "the cluster is still being created or initialized";
        ClusterStateUnknown, "cluster-state-unknown", "a state that this version does not know";
        CreationDiffers, "creation-differs",
            "`bootstrap --create`: the bundle remembers another creation, or another run is at \
             work on it";
        CsrChanged, "csr-changed", "the cluster's CSR is not the one that was signed";
        CsrGone, "csr-gone",
            "the cluster is past initialization and shows CSR and hardware certificates no more";
        CsrNotReady, "csr-not-ready", "the first HSM is still at it";
        ChangedMeanwhile, "changed-meanwhile",
            "a file of the bundle is not what it was when this command read it; nothing was \
             signed, sent or written";
        DirectoryTaken, "directory-taken",
            "another program has locked the directory for half a minute";
        FileExists, "file-exists",
            "a file of other content stands where one is to be written, or, for `simulate \
             --roots`, one that no simulator wrote; it was left as it is";
        FirstHsmExists, "first-hsm-exists",
            "a cluster that is not claimed and activated takes one HSM, and has it";
        NoHsm, "no-hsm",
            "the cluster has no working HSM, none is being made, and only an HSM makes the CSR; \
             `wait` ends with it within seconds";
        SignedForAnotherCsr, "signed-for-another-csr",
            "the bundle's certificate, or the response that came, was signed for another CSR than \
             the bundle's";
        StateInUse, "state-in-use", "`simulate --state`: another simulator uses the file";
        StateOutOfReach, "state-out-of-reach",
            "`wait`, `--wait`: the cluster or the HSM cannot get into that state any more";
        TypeChangeForbidden, "type-change-forbidden",
            "`cluster modify --hsm-type`: the cluster is not ACTIVE, has more than 27 HSMs, or no \
             change of type is left to be taken back; nothing was sent";
        TypeChangeUndone, "type-change-undone",
            "`cluster modify --hsm-type --wait`: the change is over, and the cluster is not of \
             that type: AWS took it back";
        TranscriptFull, "transcript-full",
            "the transcript would become too long to be read again; the step was not taken";
        TranscriptDiffers, "transcript-differs",
            "`unpack`, `qr read`: the transcript that came does not continue the one that is \
             there";
        ZoneWithoutSubnet, "zone-without-subnet",
            "the cluster has no subnet in the Availability Zone that was named";
    }
    Interrupted {
        Declined, "declined",
            "the question before a deletion, or before a change of type, was not answered with \
             yes; nothing was deleted or changed";
        Interrupted, "interrupted",
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
