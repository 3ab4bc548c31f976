//! Certificates that pose as intermediates, and intermediates that pose as roots.

use super::*;

/// Keys that have another part to play, posing as an intermediate's. All certificates are well
/// signed, say CA:TRUE and have harmless names: what hsm2m.medium's cards and partitions are called
/// is not known.
pub(super) fn poses() -> Vec<Fixture> {
    let ids = ["aws.intermediate-1", "manufacturer.intermediate-1"];
    let harmless = |text: &str| {
        name(&[
            &[(ORGANIZATION, "hsmboot test, worthless")],
            &[(COMMON_NAME, text)],
        ])
    };
    // A genuine card, certified by both sides, certifies its partition, as cards do; the
    // partition's key then poses as a card's.
    let partition = |is_ca: bool| {
        changed([1, 1], |tower| {
            let (card, partition) = (harmless("card 1"), harmless("card 1 partition 2"));
            let extensions = if is_ca { Some(ca(None)) } else { None };
            for side in [0, 1] {
                tower.above[side][0].subject = card.clone();
                tower.above[side][0].spki = keys::HARDWARE.spki();
                let posing = tower.chain.cert_mut(HARDWARE[side]);
                posing.issuer = card.clone();
                posing.signer = Signer::Pkcs1(&keys::HARDWARE, Hash::Sha256);
                posing.subject = partition.clone();
                posing.spki = keys::STRANGER.spki();
                posing.extensions = extensions.clone();
            }
            tower.chain.hsm.issuer = partition;
            tower.chain.hsm.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
        })
    };
    let one_key = |spki: Vec<u8>, signer: Signer| {
        changed([0, 1], move |tower| {
            tower.above[1][0].spki = spki;
            tower.chain.manufacturer_hardware.signer = signer;
        })
    };
    let of_hardware = || {
        (
            keys::HARDWARE.spki(),
            Signer::Pkcs1(&keys::HARDWARE, Hash::Sha256),
        )
    };
    let of_root = || {
        (
            keys::AWS_ROOT.spki(),
            Signer::Pkcs1(&keys::AWS_ROOT, Hash::Sha256),
        )
    };
    let of_hsm = || (keys::HSM.spki(), Signer::Pkcs1(&keys::HSM, Hash::Sha256));
    let own_root = || {
        (
            keys::MANUFACTURER_ROOT.spki(),
            Signer::Pkcs1(&keys::MANUFACTURER_ROOT, Hash::Sha256),
        )
    };
    let mut fixtures = vec![
        partition(true)
            .fixture(
                "aws.intermediate-1--card-above-its-partition",
                "a card as intermediate above its partition, which poses as a card",
            )
            .fails(&ids),
        partition(false)
            .fixture(
                "aws.intermediate-1--card-above-its-partition-that-is-no-ca",
                "the same, with a partition that says nothing of being a CA's",
            )
            .fails(&ids)
            .notes(&CARDS),
    ];
    for (name, what, (spki, signer)) in [
        (
            "the-hardware-key",
            "the card's own key as its intermediate's",
            of_hardware(),
        ),
        (
            "the-other-root",
            "the AWS root's key as the manufacturer's intermediate's: one root would vouch twice",
            of_root(),
        ),
        (
            "its-own-root",
            "the manufacturer root's key under another name",
            own_root(),
        ),
        (
            "the-hsms-key",
            "the HSM's key as an intermediate's",
            of_hsm(),
        ),
    ] {
        let id = "manufacturer.intermediate-1";
        fixtures.push(
            one_key(spki, signer)
                .fixture(format!("{id}--{name}"), what)
                .fails(&[id]),
        );
    }
    // The modulus with another exponent is the same secret; a card's key written for PSS the same
    // numbers.
    let pss = changed([1, 1], |tower| {
        tower.above[0][0].spki = keys::INTERMEDIATE.pss_spki(&[]);
        tower.chain.aws_hardware.signer = Signer::Pss(&keys::INTERMEDIATE, Hash::Sha256);
    });
    fixtures.push(
        pss.fixture(
            "aws.intermediate-1--one-key-two-algorithms",
            "one intermediate key on both sides, once as one for PSS",
        )
        .fails(&ids),
    );
    let twice = changed([0, 2], |tower| {
        tower.above[1][1].spki = keys::INTERMEDIATE.spki();
        tower.above[1][0].signer = Signer::Pkcs1(&keys::INTERMEDIATE, Hash::Sha256);
    });
    fixtures.push(
        twice
            .fixture(
                "manufacturer.intermediate-1--one-key-twice",
                "both intermediates of one key",
            )
            .fails(&["manufacturer.intermediate-1", "manufacturer.intermediate-2"]),
    );
    // An intermediate's key may certify cards, not HSMs.
    let skipped = changed([0, 1], |tower| {
        tower.chain.hsm.signer = Signer::Pkcs1(&keys::INTERMEDIATE, Hash::Sha256)
    });
    fixtures.push(
        skipped
            .fixture(
                "manufacturer.hsm-signature--by-the-intermediate",
                "an HSM certificate that the intermediate's key signed",
            )
            .fails(&["aws.hsm-signature", "manufacturer.hsm-signature"]),
    );
    fixtures
}
