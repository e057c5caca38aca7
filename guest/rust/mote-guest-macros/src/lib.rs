// SPDX-License-Identifier: Apache-2.0

//! The attributes of `mote-guest`, which documents them. They leave the function as it is, and hand
//! its name and types to a macro there.

use proc_macro::{Delimiter, Group, Ident, TokenStream, TokenTree};

#[proc_macro_attribute]
pub fn export(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand("__export", attribute, item)
}

#[proc_macro_attribute]
pub fn restored(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand("__restored", attribute, item)
}

fn expand(macro_name: &str, attribute: TokenStream, item: TokenStream) -> TokenStream {
    if !attribute.is_empty() {
        return refuse("mote: this attribute has no arguments");
    }
    match Signature::of(item.clone()) {
        // Not inlined, so that a fault in it is reported under its own name.
        Ok(signature) => parse("#[inline(never)]")
            .into_iter()
            .chain(item)
            .chain(signature.call(macro_name))
            .collect(),
        Err(text) => item.into_iter().chain(refuse(text)).collect(),
    }
}

/// A function as the macros of `mote-guest` need it.
struct Signature {
    name: Ident,
    parameters: Vec<TokenStream>, // their types
    result: TokenStream,          // its type, or nothing
}

impl Signature {
    fn of(item: TokenStream) -> Result<Signature, &'static str> {
        const NO_FUNCTION: &str = "mote: this attribute stands before a function";
        let mut tokens = item.into_iter();

        if !tokens.any(|token| is_word(&token, "fn")) {
            return Err(NO_FUNCTION);
        }
        let name = match tokens.next() {
            Some(TokenTree::Ident(name)) => name,
            _ => return Err(NO_FUNCTION),
        };
        let parameters = loop {
            match tokens.next() {
                Some(TokenTree::Group(group)) => break group.stream(),
                Some(_) => {} // generic lifetimes
                None => return Err(NO_FUNCTION),
            }
        };
        let mut result: Vec<TokenTree> = tokens
            .take_while(|token| !is_body(token) && !is_word(token, "where"))
            .collect();
        // ->
        result.drain(..result.len().min(2));
        Ok(Signature {
            name,
            parameters: types(parameters)?,
            result: without_lifetimes(result),
        })
    }

    /// `::mote_guest::name! { function [(type) (type)] (result) }`
    fn call(self, macro_name: &str) -> TokenStream {
        let parameters = self.parameters.into_iter().map(parenthesized).collect();
        let arguments: TokenStream = [
            TokenTree::Ident(self.name),
            TokenTree::Group(Group::new(Delimiter::Bracket, parameters)),
            parenthesized(if self.result.is_empty() {
                parse("()")
            } else {
                self.result
            }),
        ]
        .into_iter()
        .collect();

        parse(&format!("::mote_guest::{macro_name}!"))
            .into_iter()
            .chain([TokenTree::Group(Group::new(Delimiter::Brace, arguments))])
            .collect()
    }
}

/// The types of `name: type, ...`.
fn types(parameters: TokenStream) -> Result<Vec<TokenStream>, &'static str> {
    let mut types = Vec::new();
    let mut tokens = parameters.into_iter().peekable();

    while tokens.peek().is_some() {
        if !tokens.any(|token| is_punctuation(&token, ':')) {
            return Err("mote: a method cannot be offered to the host, only a function");
        }
        let mut depth = 0; // of <>
        let mut one = Vec::new();
        for token in tokens.by_ref() {
            match &token {
                TokenTree::Punct(mark) if mark.as_char() == '<' => depth += 1,
                TokenTree::Punct(mark) if mark.as_char() == '>' => depth -= 1,
                TokenTree::Punct(mark) if mark.as_char() == ',' && depth == 0 => break,
                _ => {}
            }
            one.push(token);
        }
        types.push(without_lifetimes(one));
    }
    Ok(types)
}

/// `&'a str` is `&'_ str` outside of the function. The compiler says so if that is not true of it.
fn without_lifetimes(tokens: Vec<TokenTree>) -> TokenStream {
    let mut after_quote = false;

    tokens
        .into_iter()
        .map(|token| {
            let is_lifetime = std::mem::replace(&mut after_quote, is_punctuation(&token, '\''));
            match token {
                TokenTree::Ident(name) if is_lifetime => Ident::new("_", name.span()).into(),
                other => other,
            }
        })
        .collect()
}

fn parenthesized(tokens: TokenStream) -> TokenTree {
    TokenTree::Group(Group::new(Delimiter::Parenthesis, tokens))
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(name) if name.to_string() == word)
}

fn is_punctuation(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == character)
}

fn is_body(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// An error of the compiler with this text.
fn refuse(text: &str) -> TokenStream {
    parse(&format!("::core::compile_error! {{ {text:?} }}"))
}

fn parse(text: &str) -> TokenStream {
    text.parse().expect("this crate's own text")
}
