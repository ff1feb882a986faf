/** The state of a checkpoint, by its id: sometimes inside the record, sometimes of several pieces. */
export function stateOf(id) {
  const n = Number(id)
  const sizeBytes = [500, 90_000, 1_500_000][n % 3] + n
  return new Uint8Array(sizeBytes).fill(n % 251)
}
