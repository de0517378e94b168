//! What long lists have in common: a table that becomes blocks on a narrow page, and the links between its pages.

use leptos::prelude::*;

/// A table with a heading for each column, which scrolls sideways in a region that a keyboard reaches, and on a narrow page
/// becomes one block for each row; so every cell needs `data-label`. `class`: of this table alone.
pub(crate) fn stacked_table(
    label: impl Into<String>,
    class: &'static str,
    columns: &[&'static str],
    rows: AnyView,
) -> AnyView {
    let headings = columns.iter().map(|column| view! { <th scope="col">{*column}</th> }).collect_view().into_any();
    stacked_table_headed(label, class, headings, rows)
}

/// The same with headings of one's own.
pub(crate) fn stacked_table_headed(
    label: impl Into<String>,
    class: &'static str,
    headings: AnyView,
    rows: AnyView,
) -> AnyView {
    let label: String = label.into();
    view! {
        <div class="table-region" role="region" aria-label=label tabindex="0">
            <table class=format!("table table--stacked {class}")>
                <thead>
                    <tr>{headings}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// The links to the pages before and after; of a single page only `total`, how many there are in words. Pages count from 1.
pub(crate) fn pager(total: String, page: u32, pages: u32, href: impl Fn(u32) -> String) -> AnyView {
    if pages <= 1 {
        return view! { <p class="small muted">{total}</p> }.into_any();
    }
    let link =
        |page: u32, label: &'static str, possible: bool| possible.then(|| view! { <a href=href(page)>{label}</a> });
    view! {
        <nav class="pager" aria-label="Pages">
            {link(page.saturating_sub(1), "Previous", page > 1)}
            <span>{format!("{total}, page {page} of {pages}")}</span>
            {link(page + 1, "Next", page < pages)}
        </nav>
    }
    .into_any()
}
