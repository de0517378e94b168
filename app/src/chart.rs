//! Films drawn: pods stacked by state over seconds, and pods as marks under their ReplicaSet.
//!
//! `stack`, `layout` and `stairs` are pure and know no Leptos: they turn films into positions. `draw` turns positions into SVG
//! and the same numbers into a table. Horizontal positions are percentages, so a chart is as wide as its place while its
//! text keeps its size; vertical ones are pixels.

pub mod draw;
mod layout;
pub mod legend;
pub mod marks;
mod stack;
pub mod stairs;
#[cfg(feature = "ssr")]
mod standalone;

pub use draw::{FilmChart, Flag};
pub use layout::{Axes, Drawing, FilmLayout};
pub use legend::ChartLegend;
pub use marks::{PodMark, PodMarks, PodRow, pod_rows};
pub use stack::{Counts, Kind};
pub use stairs::{StairStep, Stairs, StairsChart};
#[cfg(feature = "ssr")]
pub use standalone::standalone_svg;
