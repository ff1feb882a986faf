/** The body of a response, piece by piece. Leaving the loop cancels the rest. */
export async function* bytesOf(response: Response): AsyncGenerator<Uint8Array, void> {
  if (response.body === null) return
  for await (const piece of response.body) {
    const bytes: unknown = piece
    if (bytes instanceof Uint8Array) yield bytes
  }
}
