//! `bootstrap` on a terminal: one live view of its steps, which leaves a line or two of them.

use hsmboot::simulator::{Options, Simulator};

use super::support::Bench;

/// The steps that every claim has.
const CLAIM: [&str; 5] = [
    "CSR",
    "fetched and verified",
    "signed and checked",
    "sent",
    "claimed",
];

/// Runs a bootstrap on a terminal, and sees that all these steps and those of the claim were drawn
/// in one view, and that it left each of them with its time, in this order.
fn assert_shows_steps(bench: &Bench, words: &str, before: &[&str]) -> String {
    let program = env!("CARGO_BIN_EXE_hsmboot");
    let command = format!(
        "stty cols 100; TERM=xterm {program} bootstrap --no-passphrase --color never {words}"
    );
    let (screen, code) = bench.on_a_terminal(&command, "");
    assert_eq!(code, 0, "{screen}");
    let steps = [before, &CLAIM].concat();
    // One picture has them all.
    let has_all = |part: &str| {
        let mut rest = part;
        steps.iter().all(|step| {
            let found = rest.split_once(step).map(|(_, after)| after);
            rest = found.unwrap_or("");
            found.is_some()
        })
    };
    let mut pictures = screen.split("\u{1b}[2K");
    assert!(pictures.any(has_all), "{steps:?}: {screen:?}");
    let left = screen
        .rsplit("\r\u{1b}")
        .find(|part| part.contains(&format!("✓ {} ", steps[0])))
        .unwrap_or_else(|| panic!("{screen:?}"));
    let mut at = 0;
    for step in &steps {
        let done = format!("✓ {step} ");
        let found = left[at..].find(&done);
        at += found.unwrap_or_else(|| panic!("{step}: {left:?} of {screen:?}"));
    }
    assert!(!screen.contains('✗'), "{screen:?}");
    // The steps stand in the view alone, not in lines of their own as well.
    assert!(!screen.contains(" signed and checked\r"), "{screen:?}");
    assert!(screen.contains("\nclaimed cluster-"), "{screen:?}");
    screen
}

#[test]
fn a_rehearsal_shows_its_steps_from_the_simulator_on() {
    let bench = Bench::empty();
    let set_up = ["simulator", "cluster", "first HSM"];
    assert_shows_steps(&bench, "--simulate --bundle claimed", &set_up);
    // Elsewhere there are plain lines.
    let words = "bootstrap --simulate --bundle other --no-passphrase";
    let run = bench.run(&words.split(' ').collect::<Vec<_>>()).expect(0);
    assert!(
        run.stderr.contains(" signed and checked\n"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains(['✓', '\u{1b}']), "{}", run.stderr);
}

/// A simulator with its roots in `roots`, and the options that name both.
fn simulator(bench: &Bench) -> (Simulator, String) {
    let simulator = Simulator::spawn(Options::default()).unwrap();
    simulator.write_roots(&bench.path("roots")).unwrap();
    let options = format!(
        "--endpoint-url {} --region us-east-1 --aws-root roots/aws-root.crt --manufacturer-root \
         roots/manufacturer-root.crt",
        simulator.url()
    );
    (simulator, options)
}

#[test]
fn a_cluster_and_its_first_hsm_are_created_in_the_same_view() {
    let bench = Bench::empty();
    let (_simulator, options) = simulator(&bench);
    let words = "--create --subnet-id subnet-0a1b2c3d --availability-zone us-east-1a --bundle made \
                 --yes";
    let screen = assert_shows_steps(
        &bench,
        &format!("{words} {options}"),
        &["cluster", "first HSM"],
    );
    assert!(screen.contains("created cluster-"), "{screen:?}");
}

#[test]
fn a_first_hsm_is_created_in_the_same_view() {
    let bench = Bench::empty();
    let (_simulator, options) = simulator(&bench);
    let create = format!(
        "cluster create --subnet-id subnet-0a1b2c3d --wait {} --output json",
        options.split(" --aws-root").next().unwrap()
    );
    let words: Vec<&str> = create.split(' ').collect();
    let document = bench.run(&words).expect(0).json();
    let id = document["cluster"]["cluster_id"].as_str().unwrap();
    let words = format!(
        "--cluster-id {id} --create-hsm --availability-zone us-east-1a --bundle made --yes"
    );
    assert_shows_steps(&bench, &format!("{words} {options}"), &["first HSM"]);
}
