import { byteAt } from '../bytes/bytes.ts'

/** The Castagnoli polynomial, bits reversed. */
const POLYNOMIAL = 0x82f63b78

const TABLES = makeTables()

/**
 * CRC-32C of bytes, masked as the Snappy framing wants it. Eight bytes a step ("slicing by eight"),
 * because it costs as much as the compression itself.
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  let at = 0
  for (; at + 8 <= bytes.length; at += 8) {
    crc =
      entry(7, (crc ^ byteAt(bytes, at)) & 0xff) ^
      entry(6, ((crc >>> 8) ^ byteAt(bytes, at + 1)) & 0xff) ^
      entry(5, ((crc >>> 16) ^ byteAt(bytes, at + 2)) & 0xff) ^
      entry(4, (crc >>> 24) ^ byteAt(bytes, at + 3)) ^
      entry(3, byteAt(bytes, at + 4)) ^
      entry(2, byteAt(bytes, at + 5)) ^
      entry(1, byteAt(bytes, at + 6)) ^
      entry(0, byteAt(bytes, at + 7))
  }
  for (; at < bytes.length; at++) {
    crc = (crc >>> 8) ^ entry(0, (crc ^ byteAt(bytes, at)) & 0xff)
  }
  const sum = ~crc
  return (((sum >>> 15) | (sum << 17)) + 0xa282_ead8) >>> 0
}

function entry(table: number, byte: number): number {
  return TABLES[table * 256 + byte] ?? 0
}

/** Eight tables of 256: table k advances a byte over k further zero bytes. */
function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? POLYNOMIAL : 0)
    tables[byte] = crc
  }
  for (let i = 256; i < tables.length; i++) {
    const shorter = tables[i - 256] ?? 0
    tables[i] = (shorter >>> 8) ^ (tables[shorter & 0xff] ?? 0)
  }
  return tables
}
