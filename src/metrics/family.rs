//! A metric family: its name, help, type and labels, declared once, and what describes it to others.

use std::marker::PhantomData;

use prometheus::proto::MetricType;
use strum::Display;

use super::labels::LabelSet;

/// Types of families. Info metrics and state sets are gauges in the text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Goes up and down.
    Gauge,
    /// Goes up, from 0 at the start of the program.
    Counter,
}

impl From<Kind> for MetricType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Gauge => Self::GAUGE,
            Kind::Counter => Self::COUNTER,
        }
    }
}

/// A family whose samples bear the labels `L`.
pub(super) struct Family<L> {
    pub name: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    pub labels: PhantomData<L>,
}

/// A family as others see it.
#[derive(Clone, Debug)]
pub struct Description {
    /// Name, with unit.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Names of its labels.
    pub labels: Vec<&'static str>,
}

impl<L: LabelSet> Family<L> {
    pub(super) fn describe(&self) -> Description {
        Description { name: self.name, help: self.help, kind: self.kind, labels: L::names() }
    }
}

/// The families of one subject: `TYPE CONSTANT(labels) = name, help;`, and `describe` for all of them.
macro_rules! families {
    ($($kind:ident $id:ident($($label:ty),*) = $name:literal, $help:literal;)*) => {
        $(
            const $id: $crate::metrics::family::Family<($($label,)*)> = $crate::metrics::family::Family {
                name: $name,
                help: $help,
                kind: $crate::metrics::family::Kind::$kind,
                labels: std::marker::PhantomData,
            };
        )*
        /// Every family of this subject.
        pub(super) fn describe() -> Vec<$crate::metrics::family::Description> {
            vec![$($id.describe()),*]
        }
    };
}

pub(super) use families;
