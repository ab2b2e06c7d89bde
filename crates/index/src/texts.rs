//! What a key is called and carries, one text behind the other, after a head that says where each ends.

use keyway_core::key::Key;

/// How long each text is, and what no question needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) version: u32,
    name_bytes: u16,
    owner_bytes: u16,
    id_bytes: u8,
    suffix_bytes: u8,
}

pub(crate) const HEAD_BYTES: usize = 10;

impl Head {
    /// The limits of each text are below what its length field holds.
    pub(crate) fn of(key: &Key, owner: &str) -> Self {
        let short = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
        let long = |text: &str| u16::try_from(text.len()).unwrap_or(u16::MAX);
        Self {
            version: u32::try_from(key.version).unwrap_or(u32::MAX),
            name_bytes: long(key.name.as_str()),
            owner_bytes: long(owner),
            id_bytes: short(key.id.as_str()),
            suffix_bytes: short(&key.suffix),
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let [v0, v1, v2, v3] = self.version.to_le_bytes();
        let ([n0, n1], [o0, o1]) = (
            self.name_bytes.to_le_bytes(),
            self.owner_bytes.to_le_bytes(),
        );
        [
            v0,
            v1,
            v2,
            v3,
            n0,
            n1,
            o0,
            o1,
            self.id_bytes,
            self.suffix_bytes,
        ]
    }

    pub(crate) fn read(bytes: [u8; HEAD_BYTES]) -> Self {
        let [v0, v1, v2, v3, n0, n1, o0, o1, id_bytes, suffix_bytes] = bytes;
        Self {
            version: u32::from_le_bytes([v0, v1, v2, v3]),
            name_bytes: u16::from_le_bytes([n0, n1]),
            owner_bytes: u16::from_le_bytes([o0, o1]),
            id_bytes,
            suffix_bytes,
        }
    }
}

/// The texts of a key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Texts<'a> {
    pub id: &'a str,
    pub suffix: &'a str,
    pub name: &'a str,
    owner: &'a str,
    metadata: &'a str,
}

impl<'a> Texts<'a> {
    pub(crate) fn cut(head: Head, texts: &'a str) -> Option<Self> {
        let (id, rest) = texts.split_at_checked(head.id_bytes.into())?;
        let (suffix, rest) = rest.split_at_checked(head.suffix_bytes.into())?;
        let (name, rest) = rest.split_at_checked(head.name_bytes.into())?;
        let (owner, metadata) = rest.split_at_checked(head.owner_bytes.into())?;
        Some(Self {
            id,
            suffix,
            name,
            owner,
            metadata,
        })
    }

    pub fn owner(&self) -> Option<&'a str> {
        (!self.owner.is_empty()).then_some(self.owner)
    }

    /// A JSON object; nothing where it is empty.
    pub fn metadata(&self) -> Option<&'a str> {
        (!self.metadata.is_empty()).then_some(self.metadata)
    }
}
