/** Order of UTF-8 bytes, which differs from the order of JavaScript past the surrogates. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

/** The ids after one, in byte order, up to a limit. */
export function page(
  ids: Iterable<string>,
  { after, limit }: { readonly after?: string; readonly limit?: number },
): string[] {
  const wanted = [...ids].filter((id) => after === undefined || compareUtf8(id, after) > 0)
  return wanted.sort(compareUtf8).slice(0, limit)
}
