//! The wrong models, each a subject and a machinery, with what it gets wrong.
//!
//! A fault is one small wrong part in the right pipeline. Every claim lists those that it must
//! reject ([`crate::claims::Claim::rejects`]), and a test proves every pair; the reference model
//! passes under the same budget.
//!
//! # Source
//! The errors of the printed text, and those seen in public simulators and balancers.

mod formulas;
mod picks;
mod statistics;
mod streams;

use serde::Serialize;

macro_rules! faults {
    ($($(#[doc = $about:literal])+ $group:ident { $($(#[doc = $doc:literal])+ $name:ident = $id:literal,)+ })+) => {
        /// A wrong model.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Fault {
            $($($(#[doc = $doc])+ $name,)+)+
        }

        /// What a fault concerns.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Group {
            $($(#[doc = $about])+ $group,)+
        }

        impl Fault {
            /// Every fault, group by group.
            pub const ALL: &[Fault] = &[$($(Fault::$name,)+)+];

            /// The name that reports use.
            pub fn id(&self) -> &'static str {
                match self { $($(Self::$name => $id,)+)+ }
            }

            /// What it concerns.
            pub fn group(&self) -> Group {
                match self { $($(Self::$name)|+ => Group::$group,)+ }
            }

            /// What it gets wrong, in one sentence.
            pub fn about(&self) -> &'static str {
                match self { $($(Self::$name => concat!($($doc),+).trim_ascii(),)+)+ }
            }
        }

        impl Group {
            /// Every group.
            pub const ALL: &[Group] = &[$(Group::$group,)+];

            /// The heading that reports use.
            pub fn about(&self) -> &'static str {
                match self { $(Self::$group => concat!($($about),+).trim_ascii(),)+ }
            }
        }
    };
}

faults! {
    /// The model and its picker.
    ModelAndPicker {
        /// The d samples are distinct servers.
        SamplingWithoutReplacement = "sampling-without-replacement",
        /// d - 1 samples (at least one).
        OneSampleLess = "one-sample-less",
        /// d + 1 samples.
        OneSampleMore = "one-sample-more",
        /// Ties go to the lowest index (herding).
        TiesToLowest = "ties-to-lowest",
        /// The longest of the samples gets the task.
        JoinLongest = "join-longest",
        /// Lengths are compared without the task in service.
        ServiceNotCounted = "service-not-counted",
        /// Lengths are compared as they were before the last change of the server with the highest
        /// index sampled.
        StaleLengths = "stale-lengths",
        /// On a clash of the two samples the next server is taken.
        ClashTakesNext = "clash-takes-next",
        /// All servers are scanned, and a coin decides between the two shortest.
        TwoShortestCoin = "two-shortest-coin",
        /// Services happen at rate 0.95.
        SlowService = "slow-service",
        /// The clock of an idle server serves the next busy one of a hundred.
        IdleServersServe = "idle-servers-serve",
        /// Arrivals at rate lambda M / N.
        ArrivalRateInverted = "arrival-rate-inverted",
        /// Task types arrive in proportion to their degrees.
        ArrivalsByDegree = "arrivals-by-degree",
        /// Task types arrive at equal rates although rates are given.
        RatesIgnored = "rates-ignored",
        /// The alias table of unequal rates has the two sides of its thresholds exchanged.
        AliasSidesSwapped = "alias-sides-swapped",
        /// The transition rates use d - 1 samples.
        RatesOneSampleLess = "rates-one-sample-less",
        /// All samples are the first one: a server is compared with itself.
        ComparedWithItself = "compared-with-itself",
        /// Samples until d different servers are found, for ever where there are fewer.
        NeverReturns = "never-returns",
        /// The task of a type with a single server v goes to any of the servers 0 to v.
        SampledFromBelow = "sampled-from-below",
        /// The samples come from all servers, as if every server were compatible with every task
        /// type.
        SampledFromEverywhere = "sampled-from-everywhere",
    }
    /// The graph that runs, and the path on it.
    GraphAndPath {
        /// One edge of the graph is missing, if it has at most 100 000.
        MissingEdge = "missing-edge",
        /// The last server is never served.
        LastServerNeverServed = "last-server-never-served",
        /// The clock of an idle server counts as an arrival and a departure.
        GhostDepartures = "ghost-departures",
        /// Tasks that would join a queue of three or more vanish, but are reported as arrivals.
        DroppedArrivals = "dropped-arrivals",
        /// The occupancy counts queues longer than i where it should count those of at least i.
        OccupancyOffByOne = "occupancy-off-by-one",
        /// Distances of a geometric graph are measured on the cube: the torus does not wrap around.
        TorusWithoutWrap = "torus-without-wrap",
        /// A half-edge matching whose surplus copies of an edge are left out, so that degrees fall
        /// short.
        MultiEdgesErased = "multi-edges-erased",
        /// A symmetric matrix is read as if it were general: the mirrored edges are missing.
        SymmetricNotExpanded = "symmetric-not-expanded",
        /// A clock that runs 2 % slow.
        SlowClock = "slow-clock",
        /// The shared mass of (4.13) is the product, not the minimum.
        ProductInsteadOfMinimum = "product-instead-of-minimum",
        /// Two coupled systems break ties by coins of their own.
        IndependentTieCoins = "independent-tie-coins",
        /// The tie goes to the first sample in one system and to the last in the other.
        FirstAndLastMinimiser = "first-and-last-minimiser",
        /// Arrivals are coupled, departures are not.
        DeparturesNotCoupled = "departures-not-coupled",
        /// The two systems are driven by independent randomness.
        IndependentSystems = "independent-systems",
        /// Surplus copies of an edge leave a slot unset: they become edges to server 0.
        SlotLeftUnset = "slot-left-unset",
        /// A circulant graph wraps around one place too early.
        WrapsTooEarly = "wraps-too-early",
        /// Task types without a server are left out of M, so that the load is another one than
        /// stated.
        IsolatedForgotten = "isolated-forgotten",
        /// The state at a time is recorded after the event that crosses it.
        RecordedAfterEvent = "recorded-after-event",
        /// Each look draws a random number of the path: looking more often changes it.
        LookingDraws = "looking-draws",
        /// A server that has three tasks or more is not served: its clock serves the next one.
        StrandedQueue = "stranded-queue",
        /// Tasks unfinished at the horizon count as finished.
        UnfinishedCounted = "unfinished-counted",
        /// The occupancy is summed up in floating point, so that it drifts.
        OccupancyDrifts = "occupancy-drifts",
    }
    /// Streams of randomness and perfect sampling.
    StreamsAndSampling {
        /// One stream of marks for all replications.
        ReusedStream = "reused-stream",
        /// The samples begin with the random number that chose the task type: arrivals and picker
        /// are seeded alike.
        SeededAlike = "seeded-alike",
        /// The stream of a replication depends on the thread that draws it.
        SeedsByWorker = "seeds-by-worker",
        /// Perfect samples by coupling forward.
        CoupledForward = "coupled-forward",
        /// Perfect samples read when the copies meet, not at time 0.
        ReadAtCoalescence = "read-at-coalescence",
        /// Perfect samples with fresh marks at each doubling.
        FreshAtEachDoubling = "fresh-at-each-doubling",
    }
    /// The tests themselves.
    Statistics {
        /// A test is tried up to eight times, until it decides.
        RetriedTest = "retried-test",
        /// Of eight seeds the first is reported whose test lets the claim pass.
        SeedChosen = "seed-chosen",
        /// A misplaced absolute value makes a two-sided test one-sided.
        OneSidedByAbsolute = "one-sided-by-absolute",
        /// Each of two sides has the critical value of a one-sided test.
        ThresholdOfOneSide = "threshold-of-one-side",
        /// The right edge of a distribution function stands for the left one where it jumps.
        RightEdgeForLeft = "right-edge-for-left",
        /// A mean passes if it was inside of the running interval once.
        InsideOnce = "inside-once",
        /// The interval is formed for the second moment, and read as one for the mean.
        IntervalOfAnother = "interval-of-another",
        /// The interval is asked whether it contains the sample mean, which it always does.
        ContainsEstimate = "contains-estimate",
        /// The interval is all that is possible.
        IntervalTooWide = "interval-too-wide",
    }
    /// The formulas of the theory.
    Theory {
        /// A test of regularity that looks at global degrees only.
        RegularityByGlobalDegrees = "regularity-by-global-degrees",
        /// rho with d_v in place of d_w.
        RhoWithServerDegrees = "rho-with-server-degrees",
        /// rho replaced by lambda.
        RhoReplacedByLambda = "rho-replaced-by-lambda",
        /// phi with d_v in place of d_w.
        PhiWithServerDegrees = "phi-with-server-degrees",
        /// phi with M and N swapped.
        PhiWithSidesSwapped = "phi-with-sides-swapped",
        /// gamma averages 1 / d_v over servers.
        GammaOfServers = "gamma-of-servers",
        /// rho(G) < 1 reported as necessary for ergodicity.
        RhoNecessary = "rho-necessary",
        /// Lemma 4.4 without the order of its two pairs.
        PairsNotOrdered = "pairs-not-ordered",
        /// Lemma C.1 with a constant below the sharp one.
        LipschitzTooSmall = "lipschitz-too-small",
        /// The divided difference with d + 1 terms.
        DividedDifferenceShifted = "divided-difference-shifted",
        /// The dual solution of (4.23) without its truncation at 0.
        DualNotTruncated = "dual-not-truncated",
        /// Constants of the inequalities of (4.46) and (4.48) below the maxima of their left sides.
        LogarithmConstantsTooSmall = "logarithm-constants-too-small",
        /// (4.49) without the factor 2 for its two tails.
        ChernoffOneSided = "chernoff-one-sided",
        /// q*_i with exponent (d i - 1) / (d - 1), as printed in Corollary 3.4.
        FixedPointAsPrinted = "fixed-point-as-printed",
        /// q*_i with the exponent of i + 1.
        FixedPointShifted = "fixed-point-shifted",
        /// q* for d + 1 samples.
        FixedPointOneChoiceMore = "fixed-point-one-choice-more",
        /// (3.5) without its departure term.
        DroppedDepartures = "dropped-departures",
        /// The moment bound rho^(i + 1).
        MomentBoundShifted = "moment-bound-shifted",
        /// theta = 1 / (2 rho0 d) in the proof of Theorem 3.8, not capped by rho0.
        MixingThetaNotCapped = "mixing-theta-not-capped",
        /// (C.4) without the factor t.
        MartingaleBoundTimeless = "martingale-bound-timeless",
        /// (4.29) without the factor 1 / theta.
        MixingThetaDropped = "mixing-theta-dropped",
        /// t = sqrt(ln(1/eta)) in (4.46), without 2 c3, as the first step of (4.47) reads.
        ComparisonTimeAsPrinted = "comparison-time-as-printed",
    }
}
