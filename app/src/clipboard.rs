//! Text to take away: a block of it with a button that copies it.

use leptos::prelude::*;

/// Puts a text on the clipboard, and says how it went; `otherwise` where it did not.
pub(crate) fn copy(text: &str, otherwise: &'static str, said: RwSignal<&'static str>) {
    #[cfg(feature = "hydrate")]
    {
        // Absent where the page is not served from a secure origin; then the call fails and says so.
        let written = web_sys::js_sys::futures::JsFuture::from(window().navigator().clipboard().write_text(text));
        leptos::task::spawn_local(async move {
            let outcome = if written.await.is_ok() { "Copied" } else { otherwise };
            let _ = said.try_set(outcome);
        });
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = (text, otherwise, said);
    }
}

/// A text as it is, with what it is for and a button that copies it.
pub(crate) fn copy_block(purpose: String, text: String) -> AnyView {
    let said = RwSignal::new("");
    let copied = text.clone();
    view! {
        <figure class="copy-block">
            <figcaption class="copy-block__head">
                <span>{purpose}</span>
                <span class="cluster needs-script">
                    <span role="status" class="muted small">
                        {said}
                    </span>
                    <button
                        type="button"
                        class="link-button small"
                        on:click=move |_| copy(&copied, "Select it and copy it by hand", said)
                    >
                        {"Copy"}
                    </button>
                </span>
            </figcaption>
            // Long lines scroll in it, so a keyboard must reach it.
            <pre class="copy-block__text" tabindex="0">
                <code>{text}</code>
            </pre>
        </figure>
    }
    .into_any()
}
