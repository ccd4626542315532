//! Tiles: their paths, which ones a tree has, proofs from them against proofs from all leaves, and
//! the checks of a monitor. Golden values from `tests/vectors/rfc6962.py`.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use merkle::tile::{
    Bundle, BundleError, HashReader, Levels, ReadError, TILE_BYTES, Tile, TileError, TileSet,
    WIDTH, edge, head_at, new_bundles, new_tiles, prove_consistency, prove_inclusion, span_root,
    spanning, tiles,
};
use merkle::{
    Frontier, Hash, Head, MAX_SIZE, ProofError, consistency, consistency_spans, inclusion,
    inclusion_spans, leaf, root_of,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

/// Leaves of the largest tree here.
const LARGEST: u64 = 200_000;

/// Every border of tiles below the largest, and what lies beside it.
const BORDERS: [u64; 17] = [
    0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 65_279, 65_280, 65_535, 65_536, 65_537, 65_792,
    70_000,
];

/// All stored hashes of a log, and what was read of them.
#[derive(Default)]
struct Stored {
    levels: Vec<Vec<Hash>>,
    read: RefCell<Vec<(u8, u64, usize)>>,
}

impl HashReader for Stored {
    type Error = String;

    fn hashes(
        &self,
        level: u8,
        first: u64,
        count: usize,
        out: &mut Vec<Hash>,
    ) -> Result<(), String> {
        self.read.borrow_mut().push((level, first, count));
        let last = first + count as u64 - 1;
        assert_eq!(first / WIDTH, last / WIDTH, "a read crosses tiles");
        let start = usize::try_from(first).unwrap();
        let row = self.levels.get(usize::from(level)).ok_or("no such level")?;
        let hashes = row.get(start..start + count).ok_or("no such hashes")?;
        out.extend_from_slice(hashes);
        Ok(())
    }
}

impl Stored {
    /// What `Levels` says is to be stored of these leaves.
    fn of(leaves: &[Hash]) -> Stored {
        let (mut stored, mut levels) = (Stored::default(), Levels::new());
        for leaf in leaves {
            stored.append(&mut levels, *leaf);
        }
        stored
    }

    fn append(&mut self, levels: &mut Levels, leaf: Hash) {
        levels.append(leaf, |level, hash| {
            let level = usize::from(level);
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(hash);
        });
    }

    /// The contents of a tile.
    fn tile(&self, tile: Tile) -> Vec<u8> {
        let start = usize::try_from(tile.index * WIDTH).unwrap();
        let row = &self.levels[usize::from(tile.level)];
        let hashes = &row[start..start + usize::from(tile.width)];
        hashes.iter().flat_map(|hash| hash.to_bytes()).collect()
    }

    /// Runs a proof and checks the bound on what it reads: at most two tiles a level, each of
    /// them once.
    fn counted<T>(&self, run: impl FnOnce(&Stored) -> T) -> T {
        self.read.borrow_mut().clear();
        let result = run(self);
        let read = self.read.borrow();
        for level in 0..8 {
            let of_level: Vec<_> = read.iter().filter(|read| read.0 == level).collect();
            assert!(of_level.len() <= 2, "{} reads", of_level.len());
            assert!(of_level.iter().map(|read| read.2).sum::<usize>() <= 512);
        }
        result
    }
}

thread_local! {
    /// The largest log, built once for each test.
    static LOG: Stored = Stored::of(&LEAVES);
}

static LEAVES: LazyLock<Vec<Hash>> = LazyLock::new(|| {
    (0..u32::try_from(LARGEST).unwrap())
        .map(|index| leaf(&index.to_le_bytes()))
        .collect()
});

fn first(size: u64) -> &'static [Hash] {
    &LEAVES[..usize::try_from(size).unwrap()]
}

fn head(size: u64) -> Head {
    let root = root_of(&mut first(size).to_vec());
    Head { size, root }
}

fn check_proofs(log: &Stored, index: u64, old: u64, size: u64) {
    let leaves = first(size);
    assert_eq!(log.counted(|log| head_at(log, size)), Ok(head(size)));
    if index < size {
        let expected = inclusion(leaves, index).unwrap();
        let proof = log.counted(|log| prove_inclusion(log, index, size));
        assert_eq!(proof, Ok(expected), "{index} of {size}");
    }
    let expected = consistency(leaves, old).unwrap();
    let proof = log.counted(|log| prove_consistency(log, old, size));
    assert_eq!(proof, Ok(expected), "{old} to {size}");
}

/// The set of the tiles of a tree.
fn set_of(log: &Stored, wanted: impl IntoIterator<Item = Tile>) -> TileSet {
    let mut set = TileSet::new();
    for tile in wanted {
        set.insert(tile, &log.tile(tile)).unwrap();
    }
    set
}

#[test]
fn paths_are_those_of_the_specification() {
    let cases = [
        ((0, 0, 256), "tile/0/000"),
        ((0, 999, 256), "tile/0/999"),
        ((1, 1_000, 1), "tile/1/x001/000.p/1"),
        ((0, 1_234_067, 256), "tile/0/x001/x234/067"),
        ((63, 1_234_067, 255), "tile/63/x001/x234/067.p/255"),
        (
            (7, u64::MAX, 256),
            "tile/7/x018/x446/x744/x073/x709/x551/615",
        ),
    ];
    for ((level, index, width), path) in cases {
        let tile = Tile {
            level,
            index,
            width,
        };
        assert_eq!(tile.path(), path);
        assert_eq!(tile.to_string(), path);
        assert_eq!(Tile::parse_path(path), Some(tile));
        let entries = Bundle { index, width };
        let path = entries.path();
        assert!(path.starts_with("tile/entries/"));
        assert_eq!(Bundle::parse_path(&path), Some(entries));
        assert_eq!(Tile::parse_path(&path), None);
    }
}

#[test]
fn other_spellings_are_no_paths() {
    #[rustfmt::skip]
    let cases = [
        "", "tile", "tile/", "tile/0", "tile/0/", "/tile/0/000", "tile/00/000", "tile/01/000",
        "tile/64/000", "tile/256/000", "tile/-1/000", "tile/+1/000", "tile/a/000", "tile//000",
        "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000", "tile/0/x000/001", "tile/0/001/002",
        "tile/0/x001/x002", "tile/0/X001/000", "tile/0/x01/000", "tile/0/x0001/000",
        "tile/0/x001//000", "tile/0/x001/000/", "tile/0/+01", "tile/0/ 01", "tile/0/0\u{0661}",
        "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
        "tile/0/000.p/+1", "tile/0/000.p/1/", "tile/0/000.p/1.p/1", "tile/0/000.p/1000",
        "tile/0/x001.p/1/000", "tiles/0/000", "TILE/0/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x001/x018/x446/x744/x073/x709/x551/615", "tile/0/000 ", "tile/0/000\n",
        "tile/entries/x000/001", "tile/entries/0",
    ];
    for path in cases {
        assert_eq!(Tile::parse_path(path), None, "{path}");
        assert_eq!(Bundle::parse_path(path), None, "{path}");
        let entries = path.replacen("tile/0/", "tile/entries/", 1);
        assert_eq!(Bundle::parse_path(&entries), None, "{entries}");
    }
}

#[test]
fn a_tree_of_70_000_has_the_tiles_of_the_specification() {
    let count = |level, full| {
        let of_level = tiles(70_000).filter(move |tile| tile.level == level);
        of_level.filter(|tile| tile.is_full() == full).count()
    };
    assert_eq!([count(0, true), count(0, false)], [273, 1]);
    assert_eq!([count(1, true), count(1, false)], [1, 1]);
    assert_eq!([count(2, true), count(2, false)], [0, 1]);
    let partial: Vec<String> = tiles(70_000)
        .filter(|tile| !tile.is_full())
        .map(|tile| tile.path())
        .collect();
    assert_eq!(
        partial,
        ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
    );
    assert_eq!(tiles(70_000).count(), 277);

    let paths: Vec<String> = tiles(256).map(|tile| tile.path()).collect();
    assert_eq!(paths, ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(tiles(0).count(), 0);
    let top = Tile::of_tree(7, 0, MAX_SIZE - 1).unwrap();
    assert_eq!(top.width, 127);
    assert_eq!(Tile::of_tree(8, 0, u64::MAX), None);
    assert_eq!(Tile::of_tree(0, u64::MAX, u64::MAX), None);
}

#[test]
fn new_tiles_are_the_difference() {
    for old in BORDERS {
        for new in BORDERS.into_iter().filter(|new| *new >= old) {
            let known: Vec<Tile> = tiles(old).collect();
            let expected: Vec<Tile> = tiles(new).filter(|tile| !known.contains(tile)).collect();
            let found: Vec<Tile> = new_tiles(old, new).collect();
            assert_eq!(found, expected, "{old} to {new}");
            let bundles: Vec<_> = new_bundles(old, new).map(|b| (b.index, b.width)).collect();
            let expected = expected.iter().filter(|tile| tile.level == 0);
            let expected: Vec<_> = expected.map(|tile| (tile.index, tile.width)).collect();
            assert_eq!(bundles, expected);
        }
        assert_eq!(new_tiles(old + 1, old).count(), 0);
    }
}

#[test]
fn bundles_split_into_their_entries() {
    let bundle = Bundle { index: 3, width: 3 };
    let mut contents = Vec::new();
    let longest = vec![7; 65_535];
    for entry in [&b"one"[..], b"", &longest] {
        Bundle::push(&mut contents, entry).unwrap();
    }
    assert_eq!(contents[..6], *b"\x00\x03one\x00");
    let entries = bundle.split(&contents).unwrap();
    assert_eq!(entries, [&b"one"[..], b"", &longest]);

    for (end, entry) in [
        (0, 0),
        (1, 0),
        (4, 0),
        (5, 1),
        (6, 1),
        (7, 2),
        (8, 2),
        (60_000, 2),
    ] {
        let torn = BundleError::Torn { bundle, entry };
        assert_eq!(bundle.split(&contents[..end]), Err(torn), "{end}");
    }
    let narrow = Bundle { index: 3, width: 2 };
    let left = 65_537;
    let trailing = BundleError::Trailing {
        bundle: narrow,
        left,
    };
    assert_eq!(narrow.split(&contents), Err(trailing));
    assert_eq!(
        trailing.to_string(),
        "tile/entries/003.p/2 has 65537 bytes after its last entry"
    );
    let length = 65_536;
    let before = contents.clone();
    let error = Bundle::push(&mut contents, &vec![0; length]);
    assert_eq!(error, Err(BundleError::TooLong { length }));
    assert_eq!(contents, before);
}

#[test]
fn proofs_at_all_borders_are_those_from_the_leaves() {
    LOG.with(|log| {
        for size in BORDERS {
            for other in BORDERS.into_iter().filter(|other| *other <= size) {
                check_proofs(log, other, other, size);
            }
        }
    });
}

#[test]
fn what_is_not_there_is_refused() {
    LOG.with(|log| {
        let (index, size) = (5, 5);
        let error = ProofError::NoSuchLeaf { index, size };
        assert_eq!(prove_inclusion(log, 5, 5), Err(ReadError::Proof(error)));
        let error = ProofError::Shrunk { old: 6, new: 5 };
        assert_eq!(prove_consistency(log, 6, 5), Err(ReadError::Proof(error)));
        let size = MAX_SIZE + 1;
        let error = ReadError::Proof(ProofError::TooLarge { size });
        assert_eq!(head_at(log, size), Err(error.clone()));
        assert_eq!(Levels::resume(log, size), Err(error));
        let gone = ReadError::Reader("no such hashes".to_owned());
        assert_eq!(prove_inclusion(log, 0, LARGEST + 1), Err(gone));
        for span in [0..0, 5..5, 1..3, 256..1_000, 0..MAX_SIZE + 1] {
            let error = ReadError::NoSubtree {
                start: span.start,
                end: span.end,
            };
            assert_eq!(span_root(log, &span), Err(error), "{span:?}");
            assert_eq!(spanning(&[span], u64::MAX), None);
        }
        let spans = inclusion_spans(0, 8).unwrap();
        assert_eq!(spanning(&spans, 7), None);
        let root = root_of(&mut LEAVES[512..900].to_vec());
        assert_eq!(span_root(log, &(512..900)), Ok(root));
    });
}

/// Gives one hash too few.
struct Short;

impl HashReader for Short {
    type Error = String;

    fn hashes(&self, _: u8, _: u64, count: usize, out: &mut Vec<Hash>) -> Result<(), String> {
        out.resize(out.len() + count - 1, Hash::default());
        Ok(())
    }
}

#[test]
fn a_reader_that_gives_too_few_is_refused() {
    let error = ReadError::WrongCount {
        level: 0,
        first: 0,
        expected: 44,
        count: 43,
    };
    assert_eq!(head_at(&Short, 44), Err(error.clone()));
    assert_eq!(Levels::resume(&Short, 44), Err(error.clone()));
    let text = "43 hashes of level 0 came from 0 on, not 44";
    assert_eq!(error.to_string(), text);
}

#[test]
fn levels_resume_where_they_stood() {
    LOG.with(|log| {
        for size in BORDERS {
            let mut levels = Levels::resume(log, size).unwrap();
            assert_eq!(levels.head(), head(size));
            let (mut grown, mut fresh) = (Stored::default(), Levels::new());
            for leaf in first(size) {
                grown.append(&mut fresh, *leaf);
            }
            assert_eq!(levels, fresh);
            for leaf in &LEAVES[first(size).len()..][..300] {
                grown.append(&mut levels, *leaf);
            }
            assert_eq!(levels.size(), size + 300);
            assert_eq!(levels.head(), head(size + 300));
            for (found, all) in grown.levels.iter().zip(&log.levels) {
                assert_eq!(found[..], all[..found.len()]);
            }
        }
    });
}

#[test]
fn tiles_are_those_of_the_vectors() {
    LOG.with(|log| {
        for fields in lines("tiles") {
            let [size, count, digest] = &fields[..] else {
                panic!("{fields:?}")
            };
            let all: Vec<Tile> = tiles(size.parse().unwrap()).collect();
            assert_eq!(all.len().to_string(), *count);
            let contents: Vec<u8> = all.iter().flat_map(|tile| log.tile(*tile)).collect();
            assert_eq!(hex(&contents), *digest, "{size} leaves");
        }
        for fields in lines("tile") {
            let [size, level, index, width, digest] = &fields[..] else {
                panic!("{fields:?}")
            };
            let (level, index) = (level.parse().unwrap(), index.parse().unwrap());
            let tile = Tile::of_tree(level, index, size.parse().unwrap()).unwrap();
            assert_eq!(tile.width.to_string(), *width);
            assert_eq!(hex(&log.tile(tile)), *digest, "{tile} of {size}");
        }
    });
}

#[test]
fn all_roots_are_those_of_the_vectors() {
    for fields in lines("roots") {
        let [last, expected] = &fields[..] else {
            panic!("{fields:?}")
        };
        let (mut levels, mut frontier) = (Levels::new(), Frontier::new());
        let mut roots = Sha256::new().chain_update(frontier.root());
        for leaf in first(last.parse().unwrap()) {
            levels.append(*leaf, |_, _| ());
            frontier.append(*leaf);
            roots.update(frontier.root());
            // Levels hash all that is open for a root, so not for each.
            if levels.size() % 97 == 0 {
                assert_eq!(levels.head(), frontier.head());
            }
        }
        let digest = Hash::from_bytes(roots.finalize().into());
        assert_eq!(digest.to_string(), *expected);
    }
}

fn lines(kind: &str) -> Vec<Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/rfc6962.txt");
    let text = fs::read_to_string(file).unwrap();
    let fields = text.lines().filter_map(|line| {
        let fields = line.strip_prefix(kind)?.strip_prefix(' ')?;
        Some(fields.split(' ').map(str::to_owned).collect())
    });
    let found: Vec<_> = fields.collect();
    assert!(!found.is_empty(), "no line of {kind}");
    found
}

fn hex(contents: &[u8]) -> String {
    Hash::from_bytes(Sha256::digest(contents).into()).to_string()
}

#[test]
fn a_set_of_all_tiles_checks_and_proves() {
    LOG.with(|log| {
        for size in BORDERS {
            let set = set_of(log, tiles(size));
            assert_eq!(set.check(&head(size)), Ok(()));
            if size > 0 {
                let proof = prove_inclusion(&set, size / 2, size);
                let expected = inclusion(first(size), size / 2).unwrap();
                assert_eq!(proof, Ok(expected));
            }
        }
    });
}

#[test]
fn a_set_needs_no_more_than_the_spanning_tiles() {
    LOG.with(|log| {
        for (index, size) in [
            (0, 1),
            (255, 256),
            (300, 70_000),
            (65_536, 70_000),
            (9, 199_999),
        ] {
            let spans = inclusion_spans(index, size).unwrap();
            let wanted = spanning(&spans, size).unwrap();
            let set = set_of(log, wanted.iter().copied());
            let expected = inclusion(first(size), index).unwrap();
            assert_eq!(prove_inclusion(&set, index, size), Ok(expected));
            for missing in &wanted {
                let rest = wanted.iter().copied().filter(|tile| tile != missing);
                let error = prove_inclusion(&set_of(log, rest), index, size).unwrap_err();
                let ReadError::Reader(TileError::Missing { tile }) = error else {
                    panic!("{error}")
                };
                assert_eq!((tile.level, tile.index), (missing.level, missing.index));
            }
        }
        let spans = consistency_spans(300, 70_000).unwrap();
        let set = set_of(log, spanning(&spans, 70_000).unwrap());
        let expected = consistency(first(70_000), 300).unwrap();
        assert_eq!(prove_consistency(&set, 300, 70_000), Ok(expected));
    });
}

#[test]
fn growth_checks_from_new_tiles_and_edges() {
    LOG.with(|log| {
        for old in BORDERS {
            for new in BORDERS.into_iter().filter(|new| *new >= old) {
                let edges = edge(old).chain(edge(new));
                let set = set_of(log, new_tiles(old, new).chain(edges));
                assert_eq!(set.check_growth(&head(old), &head(new)), Ok(()));
                let mut other = head(old);
                other.root = leaf(b"another");
                let error = set.check_growth(&other, &head(new)).unwrap_err();
                let computed = head(old).root;
                let size = old;
                assert_eq!(error, TileError::WrongRoot { size, computed });
            }
        }
        let error = TileSet::new().check_growth(&head(2), &head(1));
        assert_eq!(error, Err(TileError::WrongSize { size: 1 }));
    });
}

#[test]
fn an_altered_tile_is_named() {
    const SIZE: u64 = 66_000;
    LOG.with(|log| {
        let altered = |path: &str, byte: usize| {
            let target = Tile::parse_path(path).unwrap();
            let mut set = TileSet::new();
            for tile in tiles(SIZE) {
                let mut bytes = log.tile(tile);
                if tile == target {
                    bytes[byte] ^= 1;
                }
                set.insert(tile, &bytes).unwrap();
            }
            set.check(&head(SIZE)).unwrap_err()
        };
        let named = |error: TileError| match error {
            TileError::NotItsEntry { tile, parent, .. } => (tile.path(), parent.path()),
            error => panic!("{error}"),
        };
        let parent = |width| format!("tile/1/000{width}");
        // A full tile is not what its entry says.
        let error = altered("tile/0/007", 8_191);
        assert_eq!(named(error), ("tile/0/007".into(), parent(".p/8")));
        // The entry is not what the tile says: the first of them meets it.
        let error = altered("tile/1/000", 255 * 32);
        assert_eq!(named(error), ("tile/0/255".into(), parent("")));
        // At the right edge nothing but the root is left to compare with.
        for path in ["tile/0/257.p/208", "tile/1/001.p/1", "tile/2/000.p/1"] {
            match altered(path, 31) {
                TileError::WrongRoot { size, .. } => assert_eq!(size, SIZE),
                TileError::NotItsEntry { parent, .. } => assert_eq!(parent.path(), path),
                error => panic!("{error}"),
            }
        }
    });
}

#[test]
fn a_set_takes_only_whole_tiles_that_agree() {
    LOG.with(|log| {
        let wide = Tile::of_tree(0, 0, 200).unwrap();
        let narrow = Tile::of_tree(0, 0, 100).unwrap();
        assert_eq!(wide.length(), 6_400);
        assert_eq!(Tile::of_tree(0, 0, 256).unwrap().length(), TILE_BYTES);
        let mut set = set_of(log, [narrow, wide, narrow]);
        assert_eq!(set.check(&head(200)), Ok(()));
        assert_eq!(set.check(&head(100)), Ok(()));
        let tile = Tile::of_tree(0, 0, 201).unwrap();
        assert_eq!(set.check(&head(201)), Err(TileError::Missing { tile }));

        let mut bytes = log.tile(tile);
        bytes[150 * 32 + 3] ^= 0x80;
        let changed = TileError::Changed { tile, at: 150 };
        assert_eq!(set.insert(tile, &bytes), Err(changed));
        assert_eq!(
            changed.to_string(),
            "tile/0/000.p/201 differs in hash 150 from the version before"
        );
        for length in [0, 201 * 32 - 1, 201 * 32 + 1, 201 * 32 + 32] {
            let error = TileError::WrongLength { tile, length };
            assert_eq!(set.insert(tile, &vec![0; length]), Err(error));
        }
        for width in [0, 257] {
            let tile = Tile {
                level: 0,
                index: 9,
                width,
            };
            let length = usize::from(width) * 32;
            let error = TileError::WrongLength { tile, length };
            assert_eq!(set.insert(tile, &vec![0; length]), Err(error));
        }
        assert_eq!(
            set.check(&head(200)),
            Ok(()),
            "what was refused left no trace"
        );
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn proofs_are_those_from_the_leaves(
        (size, index, old) in (1..=LARGEST).prop_flat_map(|size| (Just(size), 0..size, 0..=size)),
    ) {
        LOG.with(|log| check_proofs(log, index, old, size));
    }

    #[test]
    fn growth_checks(old in 0..=LARGEST, more in 0_u64..2_000) {
        LOG.with(|log| {
            let new = LARGEST.min(old + more);
            let edges = edge(old).chain(edge(new));
            let set = set_of(log, new_tiles(old, new).chain(edges));
            assert_eq!(set.check_growth(&head(old), &head(new)), Ok(()));
        });
    }
}

proptest! {
    #[test]
    fn paths_come_back(level in 0_u8..64, index: u64, shift in 0..64, width in 1_u16..=256) {
        let index = index >> shift;
        let tile = Tile { level, index, width };
        prop_assert_eq!(Tile::parse_path(&tile.path()), Some(tile));
    }

    #[test]
    fn what_parses_is_spelled_so(path in "tile/[0-9]{1,2}/(x[0-9]{3}/){0,7}[0-9]{3}(\\.p/[0-9]{1,3})?") {
        if let Some(tile) = Tile::parse_path(&path) {
            prop_assert_eq!(tile.path(), path);
        }
    }
}
