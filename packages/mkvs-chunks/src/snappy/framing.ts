/** What every non-empty stream begins with. */
export const STREAM_IDENTIFIER: Uint8Array = Uint8Array.of(
  0xff,
  0x06,
  0x00,
  0x00,
  0x73,
  0x4e,
  0x61,
  0x50,
  0x70,
  0x59,
)

/** The most raw bytes in one block. */
export const BLOCK_BYTES = 65_536

/** Type (1), length (3), masked CRC-32C of the raw bytes (4). */
export const FRAME_HEAD_BYTES = 8

/** Frame types. 0x80 to 0xfe are skipped; the others are errors. */
export const COMPRESSED = 0x00
export const RAW = 0x01
export const IDENTIFIER = 0xff
export const FIRST_SKIPPABLE = 0x80
