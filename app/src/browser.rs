//! What the browser half does around the app: take over the page, keep the keyboard's place, and say so when it breaks.

use std::cell::Cell;
use std::rc::Rc;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::js_sys::{Function, Object, Reflect};

/// Takes over the page that the server has rendered, and marks it so: `<html data-hydrated="true">`.
#[wasm_bindgen]
pub fn hydrate() {
    std::panic::set_hook(Box::new(|panic| {
        leptos::logging::error!("{panic}");
        say_stopped();
    }));
    allow_own_templates();
    keep_focus();
    wasm_bindgen_futures::spawn_local(async {
        leptos::mount::hydrate_from_async(leptos::tachys::dom::body(), crate::shell::App).await.forget();
        if let Some(root) = document().document_element() {
            // Only tests and style sheets read it.
            let _ = root.set_attribute("data-hydrated", "true");
        }
    });
}

/// Gives the keyboard its place back after a new rendering.
///
/// Leptos takes the attributes of a boxed element away and sets them anew each time, and a link without its address, or an element
/// without its `tabindex`, loses the focus: on a live page it would be gone with the next event.
fn keep_focus() {
    // Somebody who points elsewhere means to leave; whatever else leaves without going anywhere was a rendering.
    let pointed = Rc::new(Cell::new(false));
    let arrived = Rc::clone(&pointed);
    let leaves = Rc::clone(&pointed);
    window_event_listener(ev::pointerdown, move |_| pointed.set(true));
    window_event_listener(ev::focusin, move |_| arrived.set(false));
    window_event_listener(ev::focusout, move |event| {
        let goes_on = event.related_target().is_some() || leaves.get() || !document().has_focus().unwrap_or(false);
        let left = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok());
        let Some(left) = left.filter(|_| !goes_on) else { return };
        wasm_bindgen_futures::spawn_local(async move {
            let nowhere = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
            if nowhere && left.is_connected() {
                let still = web_sys::FocusOptions::new();
                still.set_prevent_scroll(true);
                // Fails for what takes no focus any more.
                let _ = left.focus_with_options(&still);
            }
        });
    });
}

/// A panic ends all interactivity, so it must be seen.
fn say_stopped() {
    let Some(place) = document().get_element_by_id("stopped") else { return };
    place.set_text_content(Some("This page stopped working. Reload it to go on; nothing was lost on the server."));
    let _ = place.remove_attribute("hidden");
}

/// Under `require-trusted-types-for 'script'` the browser asks this policy about every text that is made into markup. Leptos
/// does that with the fixed parts of its own views only, never with data; anything that could run is refused all the same.
fn allow_own_templates() {
    let Ok(types) = Reflect::get(&window(), &"trustedTypes".into()) else { return };
    let Some(create) = Reflect::get(&types, &"createPolicy".into()).ok().and_then(|f| f.dyn_into::<Function>().ok())
    else {
        return;
    };
    let html = Closure::<dyn Fn(String) -> Option<String>>::new(|text: String| harmless(&text).then_some(text));
    let rules = Object::new();
    let _ = Reflect::set(&rules, &"createHTML".into(), html.as_ref());
    if create.call2(&types, &"default".into(), &rules).is_ok() {
        // The policy lives as long as the page.
        html.forget();
    }
}

/// Whether a template has nothing in it that could run.
fn harmless(template: &str) -> bool {
    let lower = template.to_ascii_lowercase();
    !["<script", "<iframe", "<object", "<embed", "<base", "javascript:", "srcdoc", " on"].iter().any(|bad| match *bad {
        " on" => lower.split(" on").skip(1).any(|rest| {
            let name: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
            !name.is_empty() && rest[name.len()..].trim_start().starts_with('=')
        }),
        bad => lower.contains(bad),
    })
}
