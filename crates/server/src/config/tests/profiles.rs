//! Which profile a server is started with.

use super::*;

#[test]
fn every_file_of_the_profiles_folder_is_shipped_under_its_own_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    let shipped = shipped_profiles();
    assert_eq!(shipped.len(), std::fs::read_dir(folder).unwrap().count());
    let mut defaults = 0;
    for (name, text) in shipped {
        let profile = Profile::parse(text).unwrap();
        assert_eq!(profile.name, *name);
        defaults += usize::from(profile.is_default);
    }
    assert_eq!(defaults, 1);
}

#[test]
fn a_profile_is_named_or_read_from_a_file() {
    let (name, text) = shipped_profiles()[0];
    let chosen = Start::default()
        .option(Key::Profile, name)
        .config()
        .unwrap()
        .profile
        .unwrap();
    assert_eq!(
        chosen,
        ProfileChoice {
            name: name.to_owned(),
            toml: text.to_owned()
        }
    );

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mine.toml");
    std::fs::write(
        &file,
        text.replace(&format!("name = \"{name}\""), "name = \"mine\""),
    )
    .unwrap();
    let chosen = ProfileChoice::read(file.to_str().unwrap()).unwrap();
    assert_eq!(chosen.name, "mine");
    assert_eq!(chosen.summary().unwrap().name, "mine");

    std::fs::write(&file, "name = 1").unwrap();
    let invalid = ProfileChoice::read(file.to_str().unwrap());
    assert!(matches!(invalid, Err(ProfileFault::Invalid { .. })));
    assert!(ProfileChoice::read_text(file.to_str().unwrap()).is_ok());
    assert!(matches!(
        ProfileChoice::read("./nothing"),
        Err(ProfileFault::Unreadable { .. })
    ));
}

#[test]
fn a_profile_that_does_not_exist_is_refused_with_those_that_do() {
    let names: Vec<&str> = shipped_profiles().iter().map(|(name, _)| *name).collect();
    assert_eq!(
        Start::default()
            .variable("KEYWAY_PROFILE", "nothing")
            .refusal(),
        format!(
            "profile (from KEYWAY_PROFILE): there is neither a shipped profile nor a file \
             `nothing`; shipped are: {}",
            names.join(", ")
        )
    );
}
