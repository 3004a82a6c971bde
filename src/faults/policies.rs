//! Faults of systems that promise another policy than the paper's, as most balancers do: each
//! follows a policy that is right by itself, and not what was promised.

use super::{Fault, Group, with_policy};
use crate::instruments::{Instruments, REFERENCE};

/// In the order of reports.
#[rustfmt::skip]
pub(super) const ALL: &[&Fault] = &[
    SAMPLING_WITH_REPLACEMENT, SCAN_TIES_TO_LOWEST, IDLE_ELSE_ANY, DECIDED_ONE_ARRIVAL_LATE,
    DECIDED_BEFORE_DEPARTURES, DEPARTURES_NOT_HEARD_OF, COUNTER_FOR_EACH_TYPE,
];

const fn fault(id: &'static str) -> Fault {
    Fault::new(Group::ModelAndPicker, id)
}

pub const SAMPLING_WITH_REPLACEMENT: &Fault = &fault("sampling-with-replacement")
    .about("The two samples may be one server, where two different ones are promised.")
    .seen("npm moleculer 0.15.2")
    .promising("jsq(2), distinct")
    .running(|model| with_policy(model, "jsq(2), replacement"))
    .with(Instruments {
        assignment: |model, task_type, lengths| {
            with_policy(model, "jsq(2), replacement").assignment(task_type, lengths)
        },
        ..REFERENCE
    });

pub const SCAN_TIES_TO_LOWEST: &Fault = &fault("scan-ties-to-lowest")
    .about("All servers are scanned, and the first shortest gets the task instead of any of them.")
    .seen("loadwise 0.1.0, litellm 1.110.2")
    .promising("jsq(all)")
    .running(|model| with_policy(model, "jsq(all), ties lowest"))
    .with(Instruments {
        assignment: |model, task_type, lengths| {
            with_policy(model, "jsq(all), ties lowest").assignment(task_type, lengths)
        },
        ..REFERENCE
    });

pub const IDLE_ELSE_ANY: &Fault = &fault("idle-else-any")
    .about("Only idle servers are told from the others, where the shortest of all is promised.")
    .promising("jsq(all)")
    .running(|model| with_policy(model, "idle-first"))
    .with(Instruments {
        assignment: |model, task_type, lengths| {
            with_policy(model, "idle-first").assignment(task_type, lengths)
        },
        ..REFERENCE
    });

pub const DECIDED_ONE_ARRIVAL_LATE: &Fault = &fault("decided-one-arrival-late")
    .about("A task is given by the lengths that the task before it was given by.")
    .promising("jsq(2), distinct")
    .running(|model| with_policy(model, "jsq(2), distinct, late(1)"));

pub const DECIDED_BEFORE_DEPARTURES: &Fault = &fault("decided-before-departures")
    .about("The server of a task is chosen when the task before it has joined.")
    .seen("tower 0.5.3")
    .promising("jsq(2), distinct")
    .running(|model| with_policy(model, "jsq(2), distinct, early"));

pub const DEPARTURES_NOT_HEARD_OF: &Fault = &fault("departures-not-heard-of")
    .about("Tasks given since the start are compared, the served ones among them.")
    .seen("npm load-balancers 1.3.52")
    .promising("jsq(2), distinct")
    .running(|model| with_policy(model, "jsq(2), distinct, of=given"));

pub const COUNTER_FOR_EACH_TYPE: &Fault = &fault("counter-for-each-type")
    .about("Each task type takes its servers in turn by itself, where one counter is promised.")
    .seen("lua-resty-balancer #23")
    .promising("round-robin")
    .running(|model| with_policy(model, "round-robin, per-type"));
