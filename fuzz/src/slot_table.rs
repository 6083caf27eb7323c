//! Rows of the slot table, chains of operations, and the layout that follows from lengths.

use arbitrary::{Arbitrary, Unstructured};
use flavor::format::{
    FormatError, Operations, SLOT_ENTRY_LEN, SlotEntry, TRAILER_LEN, limits, sealed_len,
};
use flavor::package::Layout;
use sha2::Digest as _;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    launcher: u64,
    /// Bytes of signed text; no more than a file can hold.
    text: u32,
    sizes: Vec<u64>,
    /// Slots of one size behind the others, to reach the limit on their number.
    more: (u16, u16),
    name: &'a str,
    rows: &'a [u8],
}

/// Target `slot_table`.
pub fn slot_table(data: &[u8]) {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    for row in input.rows.as_chunks::<SLOT_ENTRY_LEN>().0 {
        check_row(row);
    }
    let digest: [u8; 32] = sha2::Sha256::digest(input.name).into();
    let first = u64::from_le_bytes(digest[..8].try_into().expect("eight bytes"));
    assert_eq!(SlotEntry::name_hash(input.name), first);
    let mut sizes = input.sizes;
    sizes.extend(std::iter::repeat_n(
        u64::from(input.more.1),
        usize::from(input.more.0) % 5000,
    ));
    check_layout(
        input.launcher,
        usize::try_from(input.text).expect("64 bits"),
        &sizes,
    );
}

fn check_row(row: &[u8; SLOT_ENTRY_LEN]) {
    let entry = SlotEntry::decode(row);
    let mut expected = *row;
    // Priority, platform and what is reserved are the same in every row that is written.
    expected[58..62].copy_from_slice(&[1, 0, 0, 0]);
    assert_eq!(
        entry.encode(),
        expected,
        "a row is written back as it was read"
    );
    assert_eq!(SlotEntry::decode(&expected), entry);
    match entry.chain() {
        Ok(chain) => {
            assert_eq!(
                chain.pack(),
                entry.operations,
                "one chain has one packed form"
            );
            assert_eq!(Operations::unpack(chain.pack()), Ok(chain));
            assert!(!chain.words().is_empty() && !chain.extension().is_empty());
        }
        Err(code) => assert!(
            row[40..48].contains(&code) && code != 0,
            "the code that is named is there"
        ),
    }
}

/// Computes the layout again with numbers that cannot overflow.
fn check_layout(launcher: u64, text: usize, sizes: &[u64]) {
    let align = |at: u128| at.next_multiple_of(8);
    let blocks = (text as u128).div_ceil(65535).max(1);
    let metadata = 10 + 5 * blocks + text as u128 + 8;
    assert_eq!(sealed_len(text) as u128, metadata);
    let table = align(u128::from(launcher) + metadata);
    let mut end = table + 64 * sizes.len() as u128;
    let mut places = Vec::new();
    for size in sizes {
        let at = align(end);
        places.push((at, u128::from(*size)));
        end = at + u128::from(*size);
    }
    let package = end + TRAILER_LEN as u128;
    match Layout::compute(launcher, text, sizes) {
        Ok(layout) => {
            assert!(sizes.len() <= limits::SLOTS as usize);
            let found: Vec<(u128, u128)> = layout
                .slots
                .iter()
                .map(|(at, len)| ((*at).into(), (*len).into()))
                .collect();
            assert_eq!(found, places);
            assert_eq!(
                [
                    layout.launcher_size,
                    layout.metadata_size,
                    layout.slot_table_offset,
                    layout.trailer_offset
                ]
                .map(u128::from),
                [launcher.into(), metadata, table, end]
            );
            assert_eq!(u128::from(layout.package_size), package);
        }
        Err(FormatError::OverLimit { .. }) => {
            let fits = u64::try_from(package).is_ok() && sizes.len() <= limits::SLOTS as usize;
            assert!(!fits, "a layout that fits is refused");
        }
        Err(other) => panic!("not an error of a layout: {other}"),
    }
}
