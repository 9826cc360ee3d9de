use std::fs::OpenOptions;
use std::os::unix::fs::symlink;

use super::*;
use crate::Store;

fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    (folder, path)
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_made_only_on_request() {
    let (folder, _) = folder();
    let path = folder.path().join("a/b").display().to_string();
    assert!(matches!(Store::open(&path).await, Err(StoreError::NoStore { place }) if place == path));
    Store::create(&path).await.unwrap();
    Store::open(&format!("file:{path}")).await.unwrap();
}

#[tokio::test]
async fn a_file_is_no_store() {
    let (folder, _) = folder();
    let path = folder.path().join("file");
    fs::write(&path, "x").unwrap();
    let path = path.display().to_string();
    for result in [Store::open(&path).await, Store::create(&path).await] {
        assert!(matches!(&result, Err(StoreError::Unsuitable { .. })), "{result:?}");
    }
}

/// The kernel lets nobody make files in /sys, root neither.
#[tokio::test]
async fn a_place_that_cannot_be_written_is_denied_and_named() {
    let store = Store::open("/sys").await.unwrap();
    for result in [store.put_once("a/b", "x".into()).await.map(drop), store.put("a", "x".into()).await] {
        assert!(
            matches!(&result, Err(StoreError::Denied { place, .. }) if place.starts_with("/sys/")),
            "{result:?}"
        );
    }
    let result = store.lock_run(&"r1".parse().unwrap()).await;
    assert!(matches!(&result, Err(StoreError::Denied { .. })), "{result:?}");
}

/// /dev/full answers every write as a full disk does.
#[test]
fn a_full_disk_is_named_as_such() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = durable::write_and_sync(full, &mut &b"x"[..], Path::new("some/object")).unwrap_err();
    assert!(matches!(&error, StoreError::Full { place, .. } if place == "some/object"), "{error:?}");
    assert!(error.to_string().contains("free space"), "{error}");
}

#[test]
fn without_hard_links_the_first_still_wins() {
    let (folder, _) = folder();
    let at = |name: &str| folder.path().join(name);
    for (name, expected) in [("first", Put::Created), ("second", Put::Exists)] {
        fs::write(at(name), name).unwrap();
        assert_eq!(durable::rename_once(&at(name), &at("object")).unwrap(), expected);
    }
    assert_eq!(fs::read(at("object")).unwrap(), b"first");
}

#[tokio::test]
async fn a_store_ends_where_its_folder_ends() {
    let (outside, _) = folder();
    fs::write(outside.path().join("secret"), "x").unwrap();
    let (folder, path) = folder();
    symlink(outside.path(), folder.path().join("out")).unwrap();
    symlink(outside.path().join("secret"), folder.path().join("link")).unwrap();
    let store = Store::open(&path).await.unwrap();
    for key in ["out/secret", "link"] {
        let refused = |error| matches!(error, StoreError::Unsuitable { .. });
        assert!(store.get(key).await.is_err_and(refused), "{key}");
        assert!(store.exists(key).await.is_err_and(refused), "{key}");
        assert!(store.put(key, "y".into()).await.is_err_and(refused), "{key}");
        assert!(store.put_once(key, "y".into()).await.is_err_and(refused), "{key}");
    }
    assert!(store.list("").await.unwrap().is_empty());
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_a_dead_process_left_is_hidden_and_removed_later() {
    let (folder, path) = folder();
    let unfinished = folder.path().join(".tmp");
    fs::create_dir(&unfinished).unwrap();
    for name in ["old", "young"] {
        fs::write(unfinished.join(name), "half").unwrap();
    }
    let old = OpenOptions::new().write(true).open(unfinished.join("old")).unwrap();
    let written = old.metadata().unwrap().modified().unwrap();
    old.set_modified(written - std::time::Duration::from_secs(25 * 3600)).unwrap();

    let store = Store::create(&path).await.unwrap();
    assert!(store.list("").await.unwrap().is_empty());
    assert!(store.folders("").await.unwrap().is_empty());
    assert!(!unfinished.join("old").exists());
    assert!(unfinished.join("young").exists(), "its writer may still live");
}

#[tokio::test]
async fn nothing_unfinished_stays_behind() {
    let (folder, path) = folder();
    let store = Store::open(&path).await.unwrap();
    for _ in 0..2 {
        store.put_once("a", "x".into()).await.unwrap();
        store.put("b", "x".into()).await.unwrap();
    }
    // A folder stands where the object should go.
    store.put_once("c/d", "x".into()).await.unwrap();
    assert!(store.put("c", "x".into()).await.is_err());
    assert_eq!(fs::read_dir(folder.path().join(".tmp")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_folder_that_was_removed_meanwhile_is_made_again() {
    let (folder, path) = folder();
    let store = Store::open(&path).await.unwrap();
    store.put_once("runs/r1/a", "x".into()).await.unwrap();
    fs::remove_dir_all(folder.path().join("runs")).unwrap();
    assert_eq!(store.put_once("runs/r1/a", "y".into()).await.unwrap(), Put::Created);
}

#[tokio::test]
async fn a_purge_ends_where_its_run_ends() {
    let (outside, _) = folder();
    fs::write(outside.path().join("precious"), "x").unwrap();
    let (folder, path) = folder();
    let store = Store::open(&path).await.unwrap();
    store.put_once("runs/r1/manifest.json", "xx".into()).await.unwrap();
    store.put_once("runs/r2/manifest.json", "xx".into()).await.unwrap();
    symlink(outside.path(), folder.path().join("runs/r1/samples")).unwrap();
    let (r1, r2) = ("r1".parse().unwrap(), "r2".parse().unwrap());
    let lock = store.lock_run(&r1).await.unwrap();
    assert!(matches!(store.purge(&r1).await, Err(StoreError::Locked { .. })), "it is being worked on");
    drop(lock);
    assert_eq!(store.purge(&r1).await.unwrap(), crate::Purged { objects: 1, bytes: 2 });
    assert!(outside.path().join("precious").exists());
    assert!(!folder.path().join("runs/r1").exists(), "not even its lock");
    fs::remove_dir_all(folder.path().join("runs/r2")).unwrap();
    symlink(outside.path(), folder.path().join("runs/r2")).unwrap();
    assert!(matches!(store.purge(&r2).await, Err(StoreError::Unsuitable { .. })));
    assert!(outside.path().join("precious").exists());
}
