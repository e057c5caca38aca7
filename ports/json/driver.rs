// SPDX-License-Identifier: Apache-2.0
//
// Reads JSON, and writes it in another layout, its numbers added up, or what is wrong with it.
use std::io::Read;

fn sum(value: &json::JsonValue) -> f64 {
    if value.is_array() {
        value.members().map(sum).sum()
    } else if value.is_object() {
        value.entries().map(|(_, member)| sum(member)).sum()
    } else {
        value.as_f64().unwrap_or(0.0)
    }
}

fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).expect("text");
    match json::parse(&text) {
        Ok(value) => {
            println!("{}", value.pretty(2));
            println!("{:?} {}", sum(&value), value.dump().len());
        }
        Err(error) => {
            println!("{}", error);
            std::process::exit(1);
        }
    }
}
