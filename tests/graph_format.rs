//! Graph files and specs: what is written comes back, and what is refused is refused with its line.

use std::fs;
use std::path::Path;

use fluidcheck::graph::format::{self, Format, FormatError, Problem};
use fluidcheck::graph::source::{self, LoadError};
use fluidcheck::graph::spec::{self, Spec};
use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::num::ratio::whole;
use proptest::prelude::*;

const FORMATS: [Format; 3] = [Format::EdgeList, Format::Csv, Format::MatrixMarket];

fn read(text: &str, format: Format) -> Result<BipartiteGraph, FormatError> {
    format::read(text.as_bytes(), format, "g", Isolated::Drop)
}

fn back(graph: &BipartiteGraph, format: Format) -> BipartiteGraph {
    let mut text = Vec::new();
    format::write(graph, format, &mut text).unwrap();
    format::read(text.as_slice(), format, "g", Isolated::Drop).unwrap_or_else(|e| panic!("{e}"))
}

/// Graphs with isolated vertices on both sides.
fn graphs() -> impl Strategy<Value = BipartiteGraph> {
    (1u32..9, 1u32..9).prop_flat_map(|(n, m)| {
        prop::collection::btree_set((0..n, 0..m), 0..=(n * m) as usize).prop_map(move |edges| {
            BipartiteGraph::from_edges(n, m, &edges.into_iter().collect::<Vec<_>>(), Isolated::Drop)
                .unwrap()
        })
    })
}

/// The same with arrival rates, which are equal now and then.
fn rated_graphs() -> impl Strategy<Value = BipartiteGraph> {
    (graphs(), prop::collection::vec(0u64..4, 9)).prop_map(|(graph, rates)| {
        let rates: Vec<_> =
            (0..graph.n_task_types() as usize).map(|w| whole(rates[w]) / whole(3)).collect();
        graph.clone().with_rates(&rates).unwrap_or(graph)
    })
}

proptest! {
    #[test]
    fn rates_come_back_with_their_graph(graph in rated_graphs()) {
        for format in [Format::EdgeList, Format::Csv] {
            prop_assert_eq!(&back(&graph, format), &graph, "{:?}", format);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_of_rates_panic(bytes in prop::collection::vec(prop::sample::select(b"01239 ,\n\r\"#/-.eaN\xff".to_vec()), 0..60)) {
        let plain = BipartiteGraph::complete(2, 3).unwrap();
        let labelled = plain.clone().with_labels(vec!["0".into(), "1".into()], vec!["a".into(), "1".into(), ",".into()]).unwrap();
        for graph in [plain, labelled] {
            for header in ["", "task_type,rate\n"] {
                if let Err(error) = format::read_rates([header.as_bytes(), &bytes].concat().as_slice(), "r", graph.clone()) {
                    prop_assert!(!error.to_string().contains('\n'));
                }
            }
        }
    }

    #[test]
    fn every_format_gives_back_the_identical_graph(graph in graphs()) {
        for format in FORMATS {
            prop_assert_eq!(&back(&graph, format), &graph, "{:?}", format);
        }
    }

    #[test]
    fn csv_carries_labels_of_any_text(graph in graphs(), text in prop::collection::vec("[ ,\"'\r\n\u{feff}aé日#%;0-9\t]{0,6}", 18)) {
        // The number makes labels distinct and not empty.
        let labels = |count: u32, from: usize| (0..count as usize).map(|i| format!("{}{i}{}", text[from + i], text[17 - from - i])).collect();
        let labelled = graph.clone().with_labels(labels(graph.n_servers(), 0), labels(graph.n_task_types(), 9)).unwrap();
        let ids = |count: u32, name: &dyn Fn(u32) -> String| (0..count).all(|i| name(i) == i.to_string());
        prop_assume!(!ids(graph.n_servers(), &|v| labelled.server_name(v)) || !ids(graph.n_task_types(), &|w| labelled.task_type_name(w)));
        prop_assert_eq!(back(&labelled, Format::Csv), labelled);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(prop::sample::select(b"0123 ,\n\r\"#%-.eservertask_type=bip\xff".to_vec()), 0..60)) {
        for format in FORMATS {
            format::fuzz_round_trip(&bytes, format);
            let header: &[u8] = match format {
                Format::EdgeList => b"# servers=3 task_types=3\n",
                Format::Csv => b"server,task_type\n",
                Format::MatrixMarket => b"%%MatrixMarket matrix coordinate real symmetric\n",
            };
            format::fuzz_round_trip(&[header, &bytes].concat(), format);
        }
        spec::fuzz_round_trip(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn matrices_as_other_programs_write_them_are_read() {
    let edges = |text: &str| {
        read(text, Format::MatrixMarket)
            .unwrap_or_else(|e| panic!("{e}"))
            .iter_edges()
            .collect::<Vec<_>>()
    };
    type Row = (&'static str, &'static str, &'static [(u32, u32)]);
    let table: [Row; 8] = [
        (
            "pattern",
            "%%MatrixMarket matrix coordinate pattern general\n% c\n\n2 2 1\n 2 1 \n",
            &[(1, 0)],
        ),
        (
            "explicit zeros are no edges",
            "%%matrixmarket MATRIX coordinate real general\r\n2 2 3\r\n1 1 0.0\r\n1 2 1e-3\r\n2 1 -0e9\r\n",
            &[(0, 1)],
        ),
        (
            "symmetric",
            "%%MatrixMarket matrix coordinate integer symmetric\n3 3 2\n1 1 4\n3 1 -1\n",
            &[(0, 0), (0, 2), (2, 0)],
        ),
        (
            "skew",
            "%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n2 1 1.5\n",
            &[(0, 1), (1, 0)],
        ),
        (
            "array by columns",
            "%%MatrixMarket matrix array real general\n2 3\n1\n0\n0\n0\n0\n7\n",
            &[(0, 0), (1, 2)],
        ),
        (
            "symmetric array, lower part by columns",
            "%%MatrixMarket matrix array integer symmetric\n3 3\n0\n1\n0\n0\n0\n1\n",
            &[(0, 1), (1, 0), (2, 2)],
        ),
        (
            "skew array, strictly lower part",
            "%%MatrixMarket matrix array real skew-symmetric\n3 3\n0\n1\n0\n",
            &[(0, 2), (2, 0)],
        ),
        ("KONECT", "% bip weighted\n1 2 5 1400000000\n3 1\n", &[(0, 1), (2, 0)]),
    ];
    for (name, text, expected) in table {
        assert_eq!(edges(text), expected, "{name}");
    }
    let konect = read("% bip unweighted\n% 1 4 3\n1 1\n", Format::MatrixMarket).unwrap();
    assert_eq!((konect.n_servers(), konect.n_task_types()), (4, 3));
}

#[test]
fn csv_writes_declarations_only_where_first_appearance_would_change_ids() {
    let text = |edges: &[(u32, u32)]| {
        let graph = BipartiteGraph::from_edges(2, 2, edges, Isolated::Drop).unwrap();
        let mut text = Vec::new();
        format::write(&graph, Format::Csv, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    };
    assert_eq!(text(&[(0, 0), (1, 1)]), "server,task_type\n0,0\n1,1\n");
    assert_eq!(text(&[(0, 1), (1, 0)]), "server,task_type\n,0\n0,1\n1,0\n");
    assert_eq!(text(&[(0, 0), (0, 1)]), "server,task_type\n0,0\n0,1\n1,\n");
}

#[test]
fn labels_that_are_the_decimal_ids_are_no_labels() {
    assert!(!read("server,task_type\n0,0\n1,0\n", Format::Csv).unwrap().has_labels());
    assert!(read("server,task_type\n1,0\n0,0\n", Format::Csv).unwrap().has_labels());
}

#[test]
fn the_us_graph_is_read_and_comes_back_in_every_format() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/us-sites-100km.csv");
    let graph = format::read_path(&path, None, Isolated::Refuse).unwrap();
    assert_eq!((graph.n_servers(), graph.n_task_types(), graph.n_edges()), (2968, 901, 16_193));
    assert_eq!(back(&graph, Format::Csv), graph);
    let folder = tempfile::tempdir().unwrap();
    for name in ["g.mtx", "g.txt", "g.csv", "g"] {
        let path = folder.path().join(name);
        format::write_path(&graph, &path, None).unwrap();
        let again = format::read_path(&path, None, Isolated::Refuse).unwrap();
        assert!(again.iter_edges().eq(graph.iter_edges()), "{name}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "no temporary file is left behind");
}

#[test]
fn nothing_half_written_appears() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.csv");
    fs::write(&path, "old").unwrap();
    let graph = BipartiteGraph::from_edges(1, 1, &[(0, 0)], Isolated::Refuse).unwrap();
    let unnamed = graph.with_labels(vec![String::new()], vec!["a".to_owned()]).unwrap();
    assert!(matches!(
        format::write_path(&unnamed, &path, None).unwrap_err().problem,
        Problem::Label { .. }
    ));
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_name_and_a_spec_are_told_apart() {
    let load = |text: &str| source::load(text, None, 0, Isolated::Refuse);
    assert_eq!(load("path:n=3").unwrap().n_servers(), 3);
    assert!(matches!(load("cycles:n=3"), Err(LoadError::Neither { .. })));
    assert!(matches!(load("no-such-file.csv"), Err(LoadError::Format(_))));
    assert!(matches!(load("cycle:n=x"), Err(LoadError::Spec(_))));
    assert!(matches!(load("cycle:n=2"), Err(LoadError::Build(_))));
}

/// A reader that gives one byte at a time.
struct Drip<'a>(&'a [u8]);

impl std::io::Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.len().min(1).min(out.len());
        out[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

#[test]
fn how_the_bytes_arrive_does_not_matter() {
    for text in [
        "\u{feff}server,task_type\r\n\"a\r\nb\",\"x\"\"\"\r\n\r\nc,\"\"\n",
        "\u{feff}server,task_type\na,b",
    ] {
        let drip = std::io::BufReader::with_capacity(1, Drip(text.as_bytes()));
        assert_eq!(
            format::read(drip, Format::Csv, "g", Isolated::Drop),
            read(text, Format::Csv),
            "{text:?}"
        );
    }
}

#[test]
fn messages_name_place_value_rule_and_next_step() {
    use Format::{Csv, EdgeList, MatrixMarket};
    let mm = |rest: &str| format!("%%MatrixMarket matrix coordinate real general\n{rest}");
    let pattern = "%%MatrixMarket matrix coordinate pattern general\n2 2 2\n1 1\n";
    let table: Vec<(Format, Vec<u8>)> = vec![
        (EdgeList, b"".to_vec()),
        (EdgeList, b"# only a comment\n".to_vec()),
        (EdgeList, b"0 0\n0 -1\n".to_vec()),
        (EdgeList, b"0 99999999999\n".to_vec()),
        (EdgeList, b"0 1.5\n".to_vec()),
        (EdgeList, b"0,1\n".to_vec()),
        (EdgeList, b"0 1 2 3\n".to_vec()),
        (EdgeList, b"0 0\n\n# c\n1 0\n0 0\n".to_vec()),
        (EdgeList, b"0 \xff\n".to_vec()),
        (EdgeList, b"# servers=2 task_types=1\n2 0\n".to_vec()),
        (EdgeList, b"# servers=2\n0 0\n".to_vec()),
        (EdgeList, b"# servers=0 task_types=1\n".to_vec()),
        (EdgeList, b"0 0\n# servers=2 task_types=1\n".to_vec()),
        (EdgeList, b"# servers=4000000000 task_types=1\n0 0\n".to_vec()),
        (EdgeList, b"# servers=2 task_types=3\n0 1\n".to_vec()),
        (EdgeList, vec![b'0'; format::MAX_LINE + 1]),
        (Csv, b"".to_vec()),
        (Csv, b"server,task_type\n".to_vec()),
        (Csv, b"task_type,server\na,b\n".to_vec()),
        (Csv, b"0 0\n".to_vec()),
        (Csv, b"server,task_type\na\n".to_vec()),
        (Csv, b"server,task_type\n\n\"a\nb\",c,d\n".to_vec()),
        (Csv, b"server,task_type\n,\n".to_vec()),
        (Csv, b"server,task_type\na,x\n\"b\n\",x\n\na,x\n".to_vec()),
        (Csv, b"server,task_type\na,\"x\n\n".to_vec()),
        (Csv, b"server,task_type\na,\"x\"y\n".to_vec()),
        (Csv, b"server,task_type\na,x\"y\n".to_vec()),
        (Csv, b"server,task_type\na,x\rb,x\r".to_vec()),
        (Csv, b"server,task_type\na,\xc3(\n".to_vec()),
        (Csv, b"server,task_type\na,x\n,lonely\n,\"two\nlines\"\n".to_vec()),
        (MatrixMarket, b"".to_vec()),
        (MatrixMarket, b"2 2 1\n1 1\n".to_vec()),
        (MatrixMarket, b"%%MatrixMarket matrix coordinate complex general\n".to_vec()),
        (MatrixMarket, b"%%MatrixMarket matrix array pattern general\n".to_vec()),
        (MatrixMarket, b"%%MatrixMarket matrix coordinate real hermitian\n".to_vec()),
        (MatrixMarket, b"%%MatrixMarket matrix coordinate pattern symmetric\n2 3 1\n".to_vec()),
        (
            MatrixMarket,
            b"%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n1 1 1\n".to_vec(),
        ),
        (MatrixMarket, mm("").into_bytes()),
        (MatrixMarket, mm("2 2\n").into_bytes()),
        (MatrixMarket, mm("2 2 1\n1 1 1e400\n").into_bytes()),
        (MatrixMarket, mm("2 2 1\n1 1 nan\n").into_bytes()),
        (MatrixMarket, mm("2 2 1\n1 1 1e-400\n").into_bytes()),
        (MatrixMarket, mm("2 2 1\n0 1 1\n").into_bytes()),
        (MatrixMarket, mm("2 2 1\n% c\n1 3 1\n").into_bytes()),
        (MatrixMarket, mm("2 2 1\n1 1\n").into_bytes()),
        (MatrixMarket, mm("4000000000 2 1\n1 1 1\n").into_bytes()),
        (MatrixMarket, pattern.as_bytes().to_vec()),
        (MatrixMarket, format!("{pattern}2 2\n1 2\n").into_bytes()),
        (MatrixMarket, format!("{pattern}% c\n1 1\n").into_bytes()),
        (
            MatrixMarket,
            b"%%MatrixMarket matrix coordinate pattern symmetric\n2 2 3\n1 1\n2 1\n1 2\n".to_vec(),
        ),
        (MatrixMarket, b"%%MatrixMarket matrix array integer general\n1 2\n1\n1.5\n".to_vec()),
        (MatrixMarket, b"% sym unweighted\n1 2\n".to_vec()),
        (MatrixMarket, b"% bip unweighted\n% 2 2 2\n1 1\n".to_vec()),
        (MatrixMarket, b"% bip unweighted\n1 1 1 1 1\n".to_vec()),
    ];
    let mut text = String::new();
    for (format, bytes) in &table {
        let error =
            format::read(bytes.as_slice(), *format, "g", Isolated::Refuse).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error:?}");
        text.push_str(&error);
        text.push('\n');
    }
    text.push('\n');
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in ["data", "no such file", "Cargo.toml"] {
        let error = format::read_path(&folder.join(path), None, Isolated::Refuse).unwrap_err();
        text.push_str(&error.to_string().replace(&format!("{}/", folder.display()), ""));
        text.push('\n');
    }
    text.push('\n');
    for spec in [
        "",
        "cycle:n=3+",
        "ring:n=3",
        "cycle",
        "cycle:n",
        "cycle:n=3,k=1",
        "regular:n=3",
        "cycle:n=3,n=4",
        "cycle:n=-3",
        "cycle:n=0",
        "cycle:n=300000000",
        "cycle:n=99999999999",
        "0*cycle:n=3",
        "x*cycle:n=3",
        "geometric:n=9,degree=1,radius=1",
        "geometric:n=9",
        "geometric:n=9,degree=nan",
        "geometric:n=9,degree=1e400",
        "geometric:n=9,degree=1,dim=9",
        "geometric:n=9,degree=1,p=0.5",
        "edges:n=2,e=0-0;1",
        "edges:n=2",
        "complete:n=2\n,m=x",
    ] {
        text.push_str(&Spec::parse(spec).unwrap_err().to_string());
        text.push('\n');
    }
    text.push('\n');
    for spec in [
        "cycle:n=2",
        "regular:n=3,m=2,k=1",
        "regular:n=3,k=4",
        "geometric:n=9,degree=9",
        "erdos-renyi:n=3,degree=4",
        "edges:n=2,e=0-0;0-0",
        "edges:n=2,e=0-2",
        "edges:n=2,e=0-0",
        "2*complete:n=100000",
        "circulant:n=16777216,k=100",
        "100*complete:n=16777216,m=1",
    ] {
        let error = Spec::parse(spec)
            .unwrap_or_else(|e| panic!("{e}"))
            .build(0, Isolated::Refuse)
            .unwrap_err();
        text.push_str(&error.to_string());
        text.push('\n');
    }
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("graph_messages", text);
    });
}
