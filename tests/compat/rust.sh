#!/bin/bash
# SPDX-License-Identifier: MIT
# rustc and cargo: a workspace built, run, tested and built anew; panics, threads, processes.
# needs: rustc cargo
. "$TOP/tests/compat/lib.sh"
export CARGO_HOME=$TMPDIR/cargo CARGO_NET_OFFLINE=true CARGO_TERM_COLOR=never
mkdir -p w/app/src w/util/src && cd w || exit 1
cat >Cargo.toml <<'END'
[workspace]
members = ["app", "util"]
END
cat >util/Cargo.toml <<'END'
[package]
name = "util"
version = "0.1.0"
edition = "2021"
END
cat >util/src/lib.rs <<'END'
/// ```
/// assert_eq!(util::sum(4), 10);
/// ```
pub fn sum(n: u64) -> u64 { (1..=n).sum() }

#[cfg(test)]
mod tests {
    #[test]
    fn adds() { assert_eq!(super::sum(100), 5050); }
    #[test]
    #[should_panic]
    fn panics() { panic!("meant to"); }
}
END
cat >app/Cargo.toml <<'END'
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
util = { path = "../util" }
END
cat >app/build.rs <<'END'
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/made.rs"), "const MADE: &str = \"made by build.rs\";").unwrap();
}
END
cat >app/src/main.rs <<'END'
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
include!(concat!(env!("OUT_DIR"), "/made.rs"));

fn main() {
    println!("{MADE}");
    let threads: Vec<_> = (0..50).map(|i| std::thread::spawn(move || util::sum(i))).collect();
    println!("threads {}", threads.into_iter().map(|t| t.join().unwrap()).sum::<u64>());
    let mut child = Command::new("tr").args(["a-z", "A-Z"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"through a pipe").unwrap();
    println!("{}", String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap());
    println!("missing: {}", Command::new("/nonexistent").spawn().unwrap_err());
    println!("killed: {}", Command::new("sh").args(["-c", "kill -9 $$"]).status().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"tcp").unwrap());
    let mut said = String::new();
    TcpStream::connect(address).unwrap().read_to_string(&mut said).unwrap();
    server.join().unwrap();
    println!("{said}");
    println!("caught: {}", std::panic::catch_unwind(|| { let v: Vec<i32> = vec![]; v[1] }).is_err());
    println!("exe: {}", std::env::current_exe().unwrap().file_name().unwrap().to_str().unwrap());
    std::fs::create_dir_all("made/a/b").unwrap();
    std::fs::remove_dir_all("made").unwrap();
    std::process::exit(7);
}
END
untimed() { "$@" 2>&1 | sed 's/ in [0-9.]*s//; s/finished.*//; s/-[0-9a-f]\{16\}//; /Blocking/d' | sort; }

check rustc sh -c 'rustc --version && cargo --version'
check build untimed cargo build
check run sh -c './target/debug/app 2>/dev/null; echo exit $?'
check test untimed cargo test --workspace
check 'nothing to do' untimed cargo build
touch app/src/main.rs
check 'one to do' untimed cargo build
check release untimed cargo build --release -j2
check metadata sh -c 'cargo metadata --no-deps --format-version 1 | md5sum'
exits 101 'no network' sh -c "echo 'rand = \"0.8\"' >>app/Cargo.toml; cargo build 2>&1 | head -n 1; exit 101"
echo 'fn main() { let x: u32 = "no"; }' >bad.rs
exits 1 'compile error' rustc bad.rs
echo 'fn f(n: u64) -> u64 { if n == 0 { 0 } else { 1 + f(n + 1) } } fn main() { println!("{}", f(1)); }' >deep.rs
check 'compile deep' sh -c 'rustc deep.rs 2>/dev/null'
exits 134 deep sh -c './deep 2>&1'
